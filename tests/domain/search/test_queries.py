"""Queries, snippets and the texts that are searched."""

from typing import Any

import pytest

from reyna.domain.search.extraction import MAX_TEXT_CHARACTERS, title_and_text_of_blob
from reyna.domain.search.languages import detected_language, named_language
from reyna.domain.search.query import MAX_TERMS, Term, parse_query
from reyna.domain.search.snippets import Highlights, SnippetPart, build_snippet
from reyna.domain.search.spelling import edit_distance, nearest
from reyna.domain.search.words import words_of


def test_a_query_is_words_phrases_and_what_must_not_be_there() -> None:
    assert parse_query('ship "red Störm" -pirates -"a b" e-mail sto').terms == (
        Term(words=("ship",)),
        Term(words=("red", "storm"), quoted=True),
        Term(words=("pirates",), negated=True),
        Term(words=("a", "b"), quoted=True, negated=True),
        Term(words=("e", "mail")),
        Term(words=("sto",), prefix=True),
    )


def test_a_space_or_a_quote_ends_the_last_word() -> None:
    assert not parse_query("sto ").terms[0].prefix
    assert not parse_query('"sto').terms[0].prefix
    assert not parse_query("-sto").terms[0].prefix


def test_a_long_query_is_cut_and_one_of_signs_has_no_terms() -> None:
    assert len(parse_query(" ".join(str(number) for number in range(1_000))).terms) == MAX_TERMS
    assert parse_query("*** - && \0").terms == ()
    assert parse_query(" \n").is_blank


def test_words_have_no_case_and_no_accents() -> None:
    assert words_of("The STRASSE, die Straße; naïve_cafés 3.14") == [
        *("the", "strasse", "die", "strasse", "naive", "cafes", "3", "14")
    ]
    assert words_of("猫も犬") == ["猫も", "も犬", "犬"]
    assert words_of("हिन्दी भाषा") == ["हिन्दी", "भाषा"]


def test_a_snippet_marks_words_stems_and_parts_of_unspaced_scripts() -> None:
    text = "Sailors sailed; the Störm came.\n\n我喜欢猫。"
    parts = build_snippet(text, Highlights(words=frozenset({"storm"}), stems=("sail",), runs=("喜欢",)))
    assert [part.text for part in parts if part.match] == ["Sailors", "sailed", "Störm", "喜欢"]
    assert "".join(part.text for part in parts) == "Sailors sailed; the Störm came. 我喜欢猫。"


def test_a_snippet_is_the_passage_around_the_first_match_of_a_long_text() -> None:
    text = "word " * 60_000 + "a lighthouse here " + "word " * 1_000
    parts = build_snippet(text, Highlights(words=frozenset({"lighthouse"})))
    assert [part.match for part in parts] == [False, True, False, False]
    assert sum(len(part.text) for part in parts) < 210


def test_without_a_match_a_snippet_is_the_beginning() -> None:
    assert build_snippet("Once <b>upon</b> a time", Highlights()) == (
        SnippetPart(text="Once <b>upon</b> a time", match=False),
    )
    assert build_snippet("", Highlights()) == ()


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [("storm", "storm", 0), ("strom", "storm", 1), ("stom", "storm", 1), ("ca", "abc", 3), ("", "ab", 2)],
)
def test_letters_in_the_wrong_order_are_one_edit(one: str, other: str, distance: int) -> None:
    assert edit_distance(one, other) == distance


def test_short_words_are_corrected_by_one_edit_only() -> None:
    assert nearest("fram", [("farm", 1), ("frame", 9), ("form", 1)]) == ["frame", "farm"]
    assert nearest("fram", [("from", 1)]) == ["from"]
    assert nearest("fram", [("form", 1)]) == []


@pytest.mark.parametrize(
    ("schema_id", "data", "title", "text"),
    [
        ("text-input-v1", {"title": "Sea", "content": "Ship", "style": "dark"}, "Sea", "Ship"),
        ("text-input-v1", {"content": "# Chapter 1\nShip"}, "Chapter 1", "# Chapter 1\nShip"),
        ("expanded-text-v1", {"original": "x", "expanded": "Ship", "metrics": {"tone": "dark"}}, "Ship", "Ship"),
        ("compiled-book-v1", {"title": "Sea", "chapters": [{"title": "One", "text": "Ship"}]}, "Sea", "One\nShip"),
        ("diary-v1", {"day": "May", "mood": ["calm", 3], "id": "x", "in": {"it": "Ship"}}, "May", "May\ncalm\nShip"),
        ("diary-v1", "just\0text\ud800", "just text", "just text "),
        ("diary-v1", [1, None, True], "", ""),
        ("text-input-v1", [], "", ""),
    ],
)  # fmt: skip
def test_the_text_of_a_blob_is_what_people_read(schema_id: str, data: Any, title: str, text: str) -> None:
    assert title_and_text_of_blob(schema_id, data) == (title, text)


def test_a_very_long_text_is_cut() -> None:
    _, text = title_and_text_of_blob("text-input-v1", {"content": "x" * 1_000_000})
    assert len(text) == MAX_TEXT_CHARACTERS


def test_a_language_is_named_by_code_or_name_or_detected() -> None:
    assert [named_language(name) for name in ("de", "pt-BR", "German ", "klingon", 3)] == [
        *("german", "portuguese", "german", None, None)
    ]
    assert detected_language("The ship and the sea were calm.") == "english"
    assert detected_language("Корабль вышел в море под парусами") == "russian"
    assert detected_language("我喜欢猫") is None
