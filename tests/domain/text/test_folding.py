"""Names are found however their letters are written; the page is held to the same examples."""

from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.text.folding import fold, folded_name_of


class Example(msgspec.Struct, frozen=True):
    name: str
    text: str
    folded: str


EXAMPLES: Final = msgspec.json.decode(Path(__file__).with_name("folding.json").read_bytes(), type=list[Example])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_all_ways_to_write_a_name_come_to_one(example: Example) -> None:
    assert fold(example.text) == example.folded
    assert fold(example.folded) == example.folded


@given(st.text(max_size=50))
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"title": "Café", "content": "\n  The Ship\nsailed."}, "cafe the ship"),
        ({"expanded": "Über"}, "uber"),
        ({"content": 5, "title": None}, ""),
        ("a text", ""),
        (None, ""),
    ],
)
def test_a_blob_is_called_by_its_title_and_its_first_line(data: Any, name: str) -> None:
    assert folded_name_of(data) == name
