"""Ids and slugs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reyna.domain.errors import Invalid
from reyna.domain.ids import ALPHABET, ID, RANDOM_BITS, SLUG_LENGTH, check_slug, derive_id, is_slug, new_id, ulid

MOMENTS = st.integers(0, 2**48 - 1)
RANDOM = st.integers(0, 2**RANDOM_BITS - 1)
SAFE = re.compile(r"[a-z0-9-]+")  # in URLs and in NATS subjects


@given(MOMENTS, RANDOM, MOMENTS, RANDOM)
def test_names_sort_as_their_moments_do(one: int, noise: int, other: int, more_noise: int) -> None:
    assert (ulid(one, noise) < ulid(other, more_noise)) == ((one, noise) < (other, more_noise))


@given(MOMENTS, RANDOM)
def test_a_name_has_26_characters_of_crockfords_alphabet(moment: int, noise: int) -> None:
    name = ulid(moment, noise)
    assert len(name) == 26
    assert set(name) <= set(ALPHABET)
    number = 0
    for character in name:
        number = number * 32 + ALPHABET.index(character)
    assert number == moment << RANDOM_BITS | noise


def test_a_fresh_id_says_what_it_names_and_is_like_no_other() -> None:
    ids = [new_id("blob") for _ in range(10_000)]
    assert len(set(ids)) == 10_000
    assert all(ID.fullmatch(id) and SAFE.fullmatch(id) and id.startswith("blob-") for id in ids)


def test_what_is_made_later_sorts_later() -> None:
    moments = [new_id("blob")[:15] for _ in range(1_000)]
    assert moments == sorted(moments)


@given(st.text(), st.lists(st.text() | st.integers(), max_size=3))
def test_the_same_cause_gives_the_same_id(cause: str, parts: list[str | int]) -> None:
    id = derive_id("blob", cause, *parts)
    assert ID.fullmatch(id)
    assert id == derive_id("blob", cause, *parts)
    assert id != derive_id("run", cause, *parts).replace("run-", "blob-")
    assert id != derive_id("blob", cause, *parts, "more")


def test_what_follows_from_something_sorts_beside_it() -> None:
    run = new_id("run")
    assert derive_id("blob", run, 0)[5:15] == run[4:14]


@pytest.mark.parametrize("text", ["a", "0", "text-input", "a1-b2-c3", "x" * SLUG_LENGTH])
def test_a_slug_is_taken(text: str) -> None:
    assert check_slug("type", text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "-", "a-", "-a", "a--b", "A", "ä", "a b", "a_b", "a.b", "a/b", "a\n", "a\0", "a*", ">", "é", "x" * 65,
        "\u0660",
    ],
)  # fmt: skip
def test_what_is_no_slug_is_refused_by_field(text: str) -> None:
    assert not is_slug(text)
    with pytest.raises(Invalid) as refused:
        check_slug("type", text)
    assert refused.value.errors[0].path == "/type"


@given(st.text(max_size=80))
def test_every_slug_is_safe_in_addresses_and_subjects(text: str) -> None:
    assert not is_slug(text) or SAFE.fullmatch(text)
