"""Which paragraph an accepted one takes the place of."""

from typing import Final

import pytest

from reyna.services.state.acceptance.alignment import align_paragraphs
from reyna.services.state.acceptance.insertion import TracedText, insert_paragraphs
from reyna.services.state.acceptance.origins import (
    MAX_QUOTED_CHARACTERS,
    MAX_TRACED_PARAGRAPHS,
    Origin,
    attribute_change,
    with_origins,
)

PERSON: Final[Origin] = {"kind": "person", "at": "2026-01-01T00:00:00.000Z"}
MODEL: Final[Origin] = {"kind": "model", "at": "2026-01-02T00:00:00.000Z"}
HARBOUR, BOAT, LIGHT = "The harbour lay empty.", "Marta untied the boat.", "The lighthouse was gone."
HARBOUR_2, BOAT_2 = "The harbour lay empty and the gulls slept.", "Marta slowly untied the last boat."


def accept(content: str, derived: list[str], *numbers: int, keep: bool = False) -> str:
    text = TracedText(content, [PERSON] * len([part for part in content.split("\n\n") if part.strip()]))
    offered = TracedText("\n\n".join(derived), [MODEL] * len(derived))
    found = insert_paragraphs(text, offered, [number - 1 for number in numbers], lambda _: keep)
    with_origins({}, found.content, found.origins)  # as many origins as paragraphs
    return found.content


@pytest.mark.parametrize(
    ("old", "new", "aligned"),
    [
        ([HARBOUR, BOAT], [HARBOUR_2, BOAT_2], {0: 0, 1: 1}),
        ([HARBOUR, BOAT], ["Entirely different.", "And so is this."], {0: 0, 1: 1}),
        ([HARBOUR, BOAT, LIGHT], [BOAT_2], {0: 1}),
        ([BOAT], [HARBOUR, BOAT_2, LIGHT], {1: 0}),
        ([HARBOUR, BOAT, LIGHT], [HARBOUR, LIGHT], {0: 0, 1: 2}),
        ([], [HARBOUR], {}),
        ([HARBOUR], [], {}),
    ],
)
def test_paragraphs_are_aligned_by_order_and_by_words(old: list[str], new: list[str], aligned: dict[int, int]) -> None:
    assert align_paragraphs(old, new) == aligned


def test_a_paragraph_without_a_counterpart_stands_behind_the_one_before_it() -> None:
    note = f"{HARBOUR}\n\n{LIGHT}"
    derived = [HARBOUR_2, "A dog barked twice.", LIGHT]
    assert accept(note, derived, 2) == f"{HARBOUR}\n\nA dog barked twice.\n\n{LIGHT}"
    assert accept(note, ["A dog barked twice.", HARBOUR_2, LIGHT], 1) == f"A dog barked twice.\n\n{note}"
    assert accept("", derived, 1, 3) == f"{HARBOUR_2}\n\n{LIGHT}"
    assert accept("\n", derived, 2) == "A dog barked twice."


def test_what_is_between_the_other_paragraphs_stays_as_it_was() -> None:
    note = f"\n{HARBOUR}\n \n\n{BOAT}\n\n\n{LIGHT}\n"
    assert accept(note, [HARBOUR_2, BOAT_2, LIGHT], 2) == f"\n{HARBOUR}\n \n\n{BOAT_2}\n\n\n{LIGHT}\n"


def test_what_is_kept_is_not_replaced() -> None:
    assert accept(BOAT, [BOAT_2], 1, keep=True) == f"{BOAT}\n\n{BOAT_2}"
    assert accept(BOAT, [BOAT], 1, keep=True) == BOAT


def test_a_very_long_text_has_origins_without_its_words_and_at_last_none() -> None:
    paragraph = "x" * (MAX_QUOTED_CHARACTERS // 2)
    long = with_origins({}, f"{paragraph}\n\n{paragraph}", [PERSON, MODEL])
    assert [set(entry) for entry in long["paragraphs"]] == [{"from"}, {"from"}]
    changed = attribute_change(long, {"content": f"{paragraph}\n\nmine"}, PERSON)
    assert [entry["from"] for entry in changed["paragraphs"]] == [PERSON, PERSON]
    many = "\n\n".join(["x"] * (MAX_TRACED_PARAGRAPHS + 1))
    assert "paragraphs" not in with_origins({"paragraphs": []}, many, [PERSON] * (MAX_TRACED_PARAGRAPHS + 1))
    assert "paragraphs" not in attribute_change(long, {"content": many, "paragraphs": []}, PERSON)


@pytest.mark.parametrize("before", [{"content": "a"}, {"content": "a", "paragraphs": []}, {"content": 1}, [], None])
def test_a_text_without_origins_gets_none(before: object) -> None:
    assert attribute_change(before, {"content": "b"}, PERSON) == {"content": "b"}


def test_a_long_text_is_aligned_between_the_paragraphs_that_are_the_same() -> None:
    old = [f"Paragraph {number} tells of the sea and of nothing else." for number in range(2_000)]
    new = [f"{text} And more." if number % 3 else text for number, text in enumerate(old)]
    assert align_paragraphs(old, new) == {number: number for number in range(2_000)}
    assert align_paragraphs(["same"] * 3, ["same"] * 2) == {0: 0, 1: 1}
    assert len(align_paragraphs(["same"] * 3_000, ["same"] * 2_999)) == 2_999
