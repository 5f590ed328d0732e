"""Positions that can be put between any two others."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reyna.domain import rank
from reyna.domain.ids import ALPHABET

FRACTIONS = st.text(ALPHABET, min_size=1, max_size=12).filter(lambda text: not text.endswith("0"))


def put(ranks: list[str], place: int) -> None:
    """A new rank at this place, as a list would ask for it."""
    if place == len(ranks):
        ranks.append(rank.last())
    elif place == 0:
        ranks.insert(0, rank.before(ranks[0]))
    else:
        ranks.insert(place, rank.between(ranks[place - 1], ranks[place]))


@given(st.lists(st.floats(0, 1), max_size=200))
def test_whatever_is_put_wherever_the_order_is_kept(places: list[float]) -> None:
    ranks: list[str] = []
    for place in places:
        put(ranks, round(place * len(ranks)))
    assert ranks == sorted(set(ranks))
    assert len(ranks) == len(places)
    assert all(set(one) <= set(ALPHABET) and not one.endswith("0") for one in ranks)


@given(FRACTIONS, FRACTIONS)
def test_there_is_always_room_between_two(one: str, other: str) -> None:
    if one != other:
        low, high = sorted((one, other))
        assert low < rank.between(low, high) < high


@given(FRACTIONS)
def test_there_is_always_room_in_front(first: str) -> None:
    assert "" < rank.before(first) < first
    assert "" < rank.between("", first) < first


def test_the_end_is_the_present_moment_and_never_the_same() -> None:
    ranks = [rank.last() for _ in range(10_000)]
    assert ranks == sorted(set(ranks))
    assert {len(one) for one in ranks} == {rank.DIGITS + 1}


def test_a_long_day_of_adding_in_front_keeps_ranks_short() -> None:
    ranks = [rank.last()]
    for _ in range(10_000):
        ranks.append(rank.before(ranks[-1]))
    assert ranks == sorted(set(ranks), reverse=True)
    assert max(map(len, ranks)) == rank.DIGITS + 1


@settings(max_examples=20)
@given(st.booleans(), st.integers(100, 400))
def test_putting_at_the_same_spot_again_and_again_costs_a_digit_about_every_five_times(
    behind: bool, times: int
) -> None:
    low, high = rank.last(), rank.last()
    for _ in range(times):
        middle = rank.between(low, high)
        low, high = (middle, high) if behind else (low, middle)
    assert max(len(low), len(high)) <= rank.DIGITS + 2 + times / 4
