"""Whatever the text: the analysis does not crash, fits its schema, and every place is inside of the text."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reyna.domain.text.clusters import shorten
from reyna.domain.text.words import word_count
from reyna.library.style_analysis.settings import FINDING_KINDS
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.style_analysis.analyses import analyse_text, analyse_texts, utf16_slice

(SCHEMA,) = (new.json_schema for new in system_schemas() if new.name == "style-analysis")
VALIDATOR: Final = Validator(SCHEMA)
RULES: Final = tuple(kind for kind in FINDING_KINDS if kind != "grammar")
PIECES: Final = st.sampled_from([
    *("The lamp was lit. ", "She saw it slowly", "“Hold ", "on!” ", "\n\n", "— Non — dit-il. ", "Es war einmal "),
    *("🎉", "👩\u200d👩\u200d👧", "船は嵐に入った。", "ภาษาไทย ", "e\u0301", "\u200d", "..."),
    *("a" * 300, "'", "-", "\r\n", "\u2028", " wurde gebaut "),
])  # fmt: skip
TEXTS: Final = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map("".join))
LANGUAGES: Final = st.sampled_from([None, "en", "de", "es", "fr", "it", "ja", "th", "zh", "xx", "en-GB"])


def check(data: dict[str, Any], texts: dict[str, str]) -> None:
    assert VALIDATOR.errors(data) == ()
    for finding in data["findings"]:
        text = texts[finding.get("blob_id", "blob-1")]
        assert 0 <= finding["start"] < finding["end"] <= len(text.encode("utf-16-le")) // 2
        assert shorten(utf16_slice(text, finding["start"], finding["end"]), 120) == finding["quote"]


@settings(deadline=None)
@given(TEXTS, LANGUAGES)
def test_places_are_inside_of_any_text_and_counts_are_those_of_the_page(text: str, language: str | None) -> None:
    data = analyse_text(text, language=language, findings=RULES, repeat_count=2)
    check(data, {"blob-1": text})
    assert data["metrics"]["words"] == word_count(text)
    assert sum(one["count"] for one in data.get("sentence_lengths", [])) in (0, data["metrics"]["sentences"])


@settings(deadline=None, max_examples=40)
@given(TEXTS, TEXTS)
def test_a_bucket_has_the_words_of_its_texts(one: str, other: str) -> None:
    data = analyse_texts(one, other, findings=RULES, language="en")
    check(data, {"blob-1": one, "blob-2": other})
    assert data["metrics"]["words"] == word_count(one) + word_count(other)
    assert [text["metrics"]["words"] for text in data["texts"]] == [word_count(one), word_count(other)]


@settings(deadline=None, max_examples=25)
@given(TEXTS)
def test_grammar_marks_inside_of_any_text(text: str) -> None:
    check(analyse_text(text, language="en", findings=("grammar",)), {"blob-1": text})


@pytest.mark.parametrize(
    ("text", "language", "absent"),
    [
        (
            "船は嵐に入った。船長は叫んだ。",
            "ja",
            {"readability", "metrics.mtld", "narration", "tone", "findings.passive"},
        ),
        ("ภาษาไทยง่ายนิดเดียว", "th", {"metrics.average_sentence_words", "readability", "metrics.lexical_diversity"}),
        ("Zug Bahnhof Mitternacht.", None, {"readability", "narration", "tone"}),
    ],
)
def test_what_is_not_for_a_language_is_absent_and_says_why(text: str, language: str | None, absent: set[str]) -> None:
    data = analyse_text(text)
    assert data.get("language") == language
    missing = {one["field"]: one["reason"] for one in data["not_available"]}
    assert absent <= missing.keys()
    assert all(reason.endswith(".") for reason in missing.values())
    for field in absent - {"findings.passive"}:
        part, _, name = field.rpartition(".")
        assert name not in (data[part] if part else data)
    assert data["metrics"]["words"] == word_count(text)
