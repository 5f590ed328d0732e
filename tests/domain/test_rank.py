"""Fractional ranks: between any two there is another one."""

from itertools import count
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from reyna.domain import rank
from reyna.domain.ids import ALPHABET, new_id, ulid

FRACTIONS = st.text(ALPHABET, min_size=1, max_size=12).filter(lambda text: not text.endswith("0"))


IDS: Final = st.integers(0, 2**80 - 1).map(lambda random: f"blob-{ulid(1_700_000_000_000, random)}")
NUMBERS: Final = count(1_700_000_000_000_000)


def last() -> str:
    return rank.last(next(NUMBERS), new_id("blob"))


def put(ranks: list[str], place: int) -> None:
    """A new rank at this place, as a list would ask for it."""
    id = new_id("blob")
    if place == len(ranks):
        ranks.append(last())
    elif place == 0:
        ranks.insert(0, rank.before(ranks[0], id))
    else:
        ranks.insert(place, rank.between(ranks[place - 1], ranks[place], id))


@given(st.lists(st.floats(0, 1), max_size=200))
def test_whatever_is_put_wherever_the_order_is_kept(places: list[float]) -> None:
    ranks: list[str] = []
    for place in places:
        put(ranks, round(place * len(ranks)))
    assert ranks == sorted(set(ranks))
    assert len(ranks) == len(places)
    assert all(set(one) <= set(ALPHABET) and not one.endswith("0") for one in ranks)


@given(FRACTIONS, FRACTIONS, IDS, IDS)
def test_there_is_always_room_between_two_for_two(one: str, other: str, id: str, other_id: str) -> None:
    if one != other and id[-rank.ID_LETTERS :] != other_id[-rank.ID_LETTERS :]:
        low, high = sorted((one, other))
        first, second = sorted((rank.between(low, high, id), rank.between(low, high, other_id)))
        assert low < first < rank.between(first, second, id) < second < high


@given(FRACTIONS, IDS)
def test_there_is_always_room_in_front(first: str, id: str) -> None:
    assert "" < rank.before(first, id) < first
    assert "" < rank.between("", first, id) < first


def test_a_larger_number_is_behind_whatever_stands_there() -> None:
    ranks = [last() for _ in range(10_000)]
    assert ranks == sorted(set(ranks))
    assert {len(one) for one in ranks} == {rank.NUMBER_DIGITS + rank.ID_LETTERS + 2}


def test_what_was_placed_by_its_moment_alone_keeps_its_place_among_the_others() -> None:
    before, number = "1hq3k5n0q8rh", 0
    for digit in before[: rank.NUMBER_DIGITS]:
        number = number * 32 + ALPHABET.index(digit)
    assert rank.last(number - 1, new_id("blob")) < before < rank.last(number + 1, new_id("blob"))


def test_a_long_day_of_adding_in_front_keeps_ranks_short() -> None:
    ranks = [last()]
    for _ in range(10_000):
        ranks.append(rank.before(ranks[-1], new_id("blob")))
    assert ranks == sorted(set(ranks), reverse=True)
    assert max(map(len, ranks)) == rank.NUMBER_DIGITS + rank.ID_LETTERS + 2


@settings(max_examples=20)
@given(st.booleans(), st.integers(100, 400))
def test_putting_at_the_same_spot_again_and_again_costs_a_digit_about_every_four_times(
    behind: bool, times: int
) -> None:
    low, high = last(), last()
    for _ in range(times):
        middle = rank.between(low, high, new_id("blob"))
        low, high = (middle, high) if behind else (low, middle)
    assert max(len(low), len(high)) <= rank.NUMBER_DIGITS + 2 * rank.ID_LETTERS + 3 + times / 3.5
