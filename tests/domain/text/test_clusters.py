"""A grapheme cluster is never cut in two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.text.clusters import clusters, shorten, split_at_words, truncate

FAMILY = "👨‍👩‍👧‍👦"
SIGNS = [FAMILY, "🇩🇪", "🇫🇷", "👍🏽", "क्षि", "e\u0301", "กำ", "한", "か\u3099", "1️⃣", "\r\n", "a"]
TEXT = st.lists(
    st.sampled_from([*SIGNS, " ", "ภาษา", "模型", "\u200d", "\u0301", "\u0e33", "\u0600", "🇩"]), max_size=30
).map("".join)


@pytest.mark.parametrize("sign", SIGNS)
def test_what_a_reader_takes_for_one_sign_is_one(sign: str) -> None:
    assert [*clusters(sign)] == [sign]
    assert [truncate(f"ab{sign}", 2 + length) for length in range(len(sign))] == ["ab"] * len(sign)
    assert truncate(f"ab{sign}", 2 + len(sign)) == f"ab{sign}"


@given(text=TEXT, most=st.integers(1, 40))
def test_a_text_is_cut_between_signs(text: str, most: int) -> None:
    kept = truncate(text, most)
    assert text.startswith(kept)
    assert len(kept) <= most
    signs = [*clusters(text)]
    if signs and len(signs[0]) <= most:
        assert [*clusters(kept)] == signs[: len([*clusters(kept)])]


def test_a_sign_without_an_end_is_cut_all_the_same() -> None:
    assert len(truncate("a" + "\u0301" * 1000, 200)) == 200


def test_what_was_cut_off_is_marked() -> None:
    assert shorten("short", 5) == "short"
    assert shorten("too long", 5) == "too…"
    assert shorten(f"ab {FAMILY}", 5) == "ab…"


@given(text=TEXT)
def test_the_pieces_are_the_whole_text_and_each_begins_with_a_sign(text: str) -> None:
    found = [*split_at_words(text)]
    assert "".join(found) == text
    assert [sign for piece in found for sign in clusters(piece)] == [*clusters(text)]
