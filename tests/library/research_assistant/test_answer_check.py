"""A model's answer holds no sentence without a source, and no quotation that nobody wrote."""

import pytest

from reyna.library.research_assistant.answer_check import CheckedAnswer, check_answer, quotations_in
from reyna.library.research_assistant.results import cited_sentence
from reyna.library.research_assistant.sources.found_source import FoundSource

SOURCES = [
    FoundSource(origin="wikipedia", title="Seiche", text="A seiche is a standing wave in an\nenclosed body of water."),
    FoundSource(origin="wikipedia", title="Tide", text="Tides are the rise and fall of sea levels."),
]


def check(*sentences: tuple[str, list[int], str], answered: bool = True) -> CheckedAnswer:
    given = [{"text": text, "sources": numbers, "quote": quote} for text, numbers, quote in sentences]
    return check_answer({"answered": answered, "sentences": given, "open_questions": []}, SOURCES)


def test_a_sentence_with_a_source_stays_and_shows_it() -> None:
    (sentence,) = check(("Seiches are standing waves.", [1], "a standing wave in an enclosed body")).sentences
    assert (sentence.numbers, sentence.quote, sentence.quoted) == ((1,), "a standing wave in an enclosed body", 1)
    assert cited_sentence(sentence) == "Seiches are standing waves [1]."


@pytest.mark.parametrize("numbers", [[], [0], [3], [-1]])
def test_a_sentence_without_a_source_that_there_is_goes(numbers: list[int]) -> None:
    checked = check(("Tides rise.", numbers, ""))
    assert checked.sentences == []
    assert checked.dropped[0].reason == "no_source"


def test_each_sentence_of_a_longer_text_is_judged_alone() -> None:
    checked = check(("Seiches stand in water [1]. Tides rise [2][9]. Cows graze.", [1, 2], ""))
    assert [(one.text, one.numbers) for one in checked.sentences] == [
        ("Seiches stand in water.", (1,)),
        ("Tides rise.", (2,)),
    ]
    assert [(one.sentence, one.reason) for one in checked.dropped] == [("Cows graze.", "not_in_source")]


@pytest.mark.parametrize("quote", ["a standing Wave", "a standing wave in a enclosed body", "standing water"])
def test_a_quote_that_is_not_there_letter_by_letter_is_removed_and_listed(quote: str) -> None:
    checked = check(("Seiches are standing waves.", [1], quote))
    assert checked.sentences[0].quote is None
    assert checked.removed_quotations == [quote]


@pytest.mark.parametrize("marks", ["“{}”", '"{}"', "„{}“", "«{}»", "»{}«"])
def test_a_sentence_goes_when_it_quotes_what_nobody_wrote(marks: str) -> None:
    false, true = marks.format("the sea is a living wave"), marks.format("a standing wave in an enclosed")
    checked = check((f"It is said that {false}.", [1], ""), (f"A seiche is {true} water.", [1], ""))
    assert [one.reason for one in checked.dropped] == ["quotation_not_found"]
    assert checked.removed_quotations == ["the sea is a living wave"]
    assert [one.text for one in checked.sentences] == [f"A seiche is {true} water."]


def test_a_quotation_of_another_source_than_the_cited_one_does_not_count() -> None:
    checked = check(("Tides: “a standing wave in an enclosed body”.", [2], ""))
    assert [one.reason for one in checked.dropped] == ["quotation_not_found"]


@pytest.mark.parametrize(
    "text",
    [
        "See https://evil.test/?q=secret for the tides.",
        "![tides](image.png) rise.",
        "<img src=x> Tides rise.",
        "Tides: www.evil.test.",
    ],
)
def test_no_address_comes_from_a_model(text: str) -> None:
    checked = check((text, [2], ""))
    assert checked.sentences == []
    assert {one.reason for one in checked.dropped} <= {"address", "not_in_source"}


def test_an_answer_in_another_script_is_not_compared_by_words() -> None:
    assert [one.text for one in check(("Приливы — это подъём уровня моря.", [2], "")).sentences] != []


def test_an_answer_in_another_language_is_not_compared_by_words() -> None:
    assert check(("Das ist die Hebung und Senkung des Wassers.", [2], "")).dropped == []


def test_sentences_of_an_answer_that_is_none_do_not_count() -> None:
    assert check(("Tides rise.", [2], ""), answered=False).sentences == []


def test_a_term_in_quotation_marks_is_no_quotation() -> None:
    assert quotations_in("The “dead water” of the sea.") == []


@pytest.mark.parametrize(
    ("text", "shown"), [("Tides rise", "Tides rise [1]"), ("Is it so?!", "Is it so [1]?!"), ("潮。", "潮 [1]。")]
)
def test_citations_stand_before_the_closing_mark(text: str, shown: str) -> None:
    (sentence,) = check(("Seiche.", [1], "")).sentences
    assert cited_sentence(type(sentence)(text, (1,))) == shown
