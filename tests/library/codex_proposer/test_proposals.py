"""The people, places and things of a text become proposals, each once, with the passages that name it."""

# ruff: noqa: RUF001 - apostrophes are what a part of this is about
from typing import Any

import pytest

from reyna.library.codex_proposer.proposals import DraftText, NameProposal, propose
from reyna.library.codex_proposer.settings import CodexSettings
from tests.library.codex_proposer.chapter import CHAPTER, CHARACTERS, PLACES


def proposals_of(*texts: str, **settings: Any) -> list[NameProposal]:
    drafts = [DraftText(blob_id=f"blob-{at}", revision=1, field="content", text=text) for at, text in enumerate(texts)]
    return propose(drafts, CodexSettings(**settings))


def names_of(proposal: NameProposal) -> set[str]:
    return {form.as_printed for form in proposal.group.forms} | {proposal.group.name}


def named(found: list[NameProposal], name: str) -> NameProposal:
    return next(one for one in found if name in names_of(one))


def test_nine_of_ten_named_characters_of_a_chapter_are_proposed_as_characters() -> None:
    found = proposals_of(CHAPTER)
    proposed = set[str]().union(*(names_of(one) for one in found if one.judged.kind == "character"))
    missed = [name for name in CHARACTERS if name not in proposed]
    assert len(missed) <= len(CHARACTERS) / 10, missed


def test_places_are_proposed_as_places() -> None:
    found = proposals_of(CHAPTER)
    places = set[str]().union(*(names_of(one) for one in found if one.judged.kind == "place"))
    assert {name for name in PLACES if name not in places} <= {"Fish Street"}


def test_few_proposals_are_no_names() -> None:
    known = {word for name in (*CHARACTERS, *PLACES) for word in name.split()} | {"Marigold", "Gull", "Anchor"}
    wrong = [one.group.name for one in proposals_of(CHAPTER) if not known & set(one.group.name.split())]
    assert len(wrong) <= 2, wrong


FAMILY = """\
Elizabeth Bennet smiled at him. "You are wrong," said Elizabeth, and she laughed. Miss Bennet did not often laugh. \
Later Lizzy wrote to Mr. Darcy. Darcy read it twice, since he could not believe it. Then Mr. Darcy told \
Mrs. Darcy, his mother.
"""


def test_the_names_of_one_person_are_one_proposal() -> None:
    found = proposals_of(FAMILY)
    assert names_of(named(found, "Elizabeth Bennet")) == {"Elizabeth Bennet", "Elizabeth", "Miss Bennet", "Lizzy"}
    assert "Mrs. Darcy" not in names_of(named(found, "Mr. Darcy"))


def test_a_family_name_that_fits_several_stays_alone_and_says_so() -> None:
    text = FAMILY + "Miss Jane Bennet came in. Jane Bennet sat down. She was tired."
    miss = named(proposals_of(text), "Miss Bennet")
    assert miss.group.perhaps == ["Elizabeth Bennet", "Jane Bennet"]


def test_a_man_and_a_woman_of_one_family_are_two() -> None:
    text = "Charles Bingley rode home. He sang. Mr. Bingley sang well. Charles Bingley was glad. His horse was not. "
    text += (
        "Miss Bingley frowned. Caroline Bingley shut the window. She hated songs. Caroline Bingley said so. She did."
    )
    found = proposals_of(text)
    assert "Mr. Bingley" in names_of(named(found, "Charles Bingley"))
    assert "Miss Bingley" in names_of(named(found, "Caroline Bingley"))


@pytest.mark.parametrize(
    "text",
    [
        "Then he went out. Presently it rained. Nobody came. Presently it stopped.",
        "On Monday, in June, I spoke English to a Frenchman of no name.",
        "CHAPTER ONE\n\nTHE STORM\n\nit rained.",
        "Yes! No. Oh, well. What then? There was nothing.",
    ],
)
def test_capitals_that_are_no_names_are_not_proposed(text: str) -> None:
    assert [one.group.name for one in proposals_of(text)] in ([], ["Frenchman"])


def test_a_word_that_is_mostly_written_small_is_no_name() -> None:
    text = "The hope was gone, and hope was all. They saw Hope once. No hope was left, no hope at all."
    assert proposals_of(text) == []


def test_of_german_nouns_only_clear_names_are_proposed() -> None:
    text = (
        "Der Wind trieb den Regen über die Felder und das Haus. Frau Lindner sagte nichts. Die Tür war auf, und der "
        "Hund lag auf dem Boden. »Nein«, sagte Anselm. Er sah nicht auf. Anselm Richter kam mit einer Lampe."
    )
    assert {one.group.name for one in proposals_of(text)} == {"Frau Lindner", "Anselm Richter"}


def test_hard_line_breaks_and_curly_apostrophes_do_not_make_names() -> None:
    text = (
        "All of that long wet afternoon they had walked over the hill with Ada\nBerg’s dog. "
        "“I’m here, and I’ve been here for an hour,” said Ada\nBerg. It was Ada Berg’s house, and nobody’s else."
    )
    (ada,) = proposals_of(text)
    assert (ada.group.name, ada.group.count) == ("Ada Berg", 3)


def test_names_are_found_over_several_texts_and_the_most_frequent_come_first() -> None:
    found = proposals_of("He met Ada in Rome. Ada slept.", "She saw Ada. They went to Rome.")
    assert [(one.group.name, one.group.count) for one in found] == [("Ada", 3), ("Rome", 2)]
    assert {mention.text for mention in found[0].mentions} == {0, 1}


def test_settings_limit_the_list() -> None:
    text = "He met Ada in Rome. Once she saw Ada again, and Bo."
    assert [one.group.name for one in proposals_of(text, min_mentions=2)] == ["Ada"]
    assert len(proposals_of(text, max_proposals=1)) == 1


def test_odd_texts_do_no_harm() -> None:
    for text in ("", "A", "Mr.", "Mr. ", "\u0130stanbul \U0001f600 D’", "’", "Mr. Mr. Mr. X", "the King", "A. B. C."):
        proposals_of(text)
