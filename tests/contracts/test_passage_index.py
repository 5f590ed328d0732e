"""The promises of every passage index: near texts are found, only by their user, and never in an outdated form."""

import math

from msgspec.structs import replace

from reyna.domain.search.entry import EntryFilter
from reyna.domain.search.passages import PassageVector, WaitingEntry
from reyna.ports.passages import PassageIndex
from reyna.ports.search import SearchIndex
from tests.contracts.conftest import BothIndexes
from tests.contracts.indexed import ANA, BO, an_entry, put, remove

MODEL = "compass"


def toward(degrees: float) -> tuple[float, ...]:
    """Returns a vector in this direction."""
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), 0.0


async def take_all(passages: PassageIndex) -> dict[str, WaitingEntry]:
    """Takes everything that waits."""
    taken: dict[str, WaitingEntry] = {}
    while (entry := await passages.take()) is not None and entry.id not in taken:
        taken[entry.id] = entry
        await passages.postpone(entry, 3600)
    return taken


async def embed(index: SearchIndex, passages: PassageIndex, degrees: dict[str, float], user_id: str = ANA) -> None:
    """Keeps a passage in these directions for entries with these ids, of which there is none yet."""
    await passages.prepare(MODEL, 3)
    await put(index, *(an_entry(id, f"text {id}", user_id=user_id) for id in degrees))
    await passages.wait_again(user_id, [*degrees])
    for id, entry in (await take_all(passages)).items():
        await passages.replace(entry, [PassageVector(0, 4, toward(degrees[id]))])


async def near(passages: PassageIndex, degrees: float, user_id: str = ANA, **conditions: object) -> list[str]:
    found = await passages.find_near(user_id, toward(degrees), EntryFilter(**conditions), 10)  # type: ignore[arg-type]
    return [passage.candidate.id for passage in found]


async def test_the_nearest_come_first_with_their_passage(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {"north": 90, "east": 0, "north-east": 45})
    assert await near(passages, 80) == ["north", "north-east", "east"]
    best, *_ = await passages.find_near(ANA, toward(90), EntryFilter(), 10)
    assert (best.start, best.end, round(best.similarity, 3), best.candidate.found_by) == (0, 4, 1.0, ("semantic",))


async def test_of_an_entry_its_nearest_passage_counts(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {"1": 0})
    await passages.wait_again(ANA, ["1"])
    (entry,) = (await take_all(passages)).values()
    await passages.replace(entry, [PassageVector(0, 3, toward(0)), PassageVector(3, 6, toward(90))])
    (found,) = await passages.find_near(ANA, toward(80), EntryFilter(), 10)
    assert (found.start, found.end) == (3, 6)


async def test_nothing_of_another_user_is_near(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {f"a{number}": number for number in range(30)})
    await embed(index, passages, {f"b{number}": 90 + number for number in range(3)}, BO)
    assert await near(passages, 0, BO) == ["b0", "b1", "b2"]
    assert all(id.startswith("a") for id in await near(passages, 90))


async def test_filters_hold_for_what_is_near(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {"1": 0, "2": 1, "3": 2})
    await put(
        index,
        an_entry("1", "text 1", is_trashed=True),
        an_entry("2", "text 2", bucket_ids=("b",)),
        an_entry("3", "text 3"),
    )
    assert await near(passages, 0) == ["2", "3"]
    assert await near(passages, 0, is_trashed=True) == ["1"]
    assert await near(passages, 0, bucket_ids=("b",)) == ["2"]
    assert await near(passages, 0, kind="bucket") == []


async def test_only_a_changed_text_waits_anew_and_the_former_is_kept_meanwhile(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {"1": 0, "2": 10})
    await put(index, an_entry("1", "text 1", revision=2), an_entry("2", "changed"))
    assert await passages.count_waiting() == 1
    assert await near(passages, 0) == ["1", "2"]
    await passages.wait_again(ANA, ["2"])
    (entry,) = (await take_all(passages)).values()
    assert (entry.user_id, entry.id, entry.text) == (ANA, "2", "changed")
    await passages.replace(entry, [PassageVector(0, 7, toward(180))])
    assert await passages.count_waiting() == 0
    assert await near(passages, 180) == ["2", "1"]


async def test_what_is_removed_is_near_to_nothing_and_stays_away(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {"1": 0, "2": 10})
    await passages.wait_again(ANA, ["1"])
    (entry,) = (await take_all(passages)).values()
    await remove(index, ANA, "1")
    await passages.replace(entry, [PassageVector(0, 4, toward(0))])
    assert await near(passages, 0) == ["2"]
    await put(index, an_entry("1", "another"))
    assert "1" not in await near(passages, 0)


async def test_vectors_of_another_model_go_and_all_entries_wait(indexes: BothIndexes) -> None:
    index, passages = indexes
    await embed(index, passages, {"1": 0, "2": 10})
    await passages.prepare(MODEL, 3)
    assert await passages.count_waiting() == 0
    await passages.prepare("other", 2)
    assert await passages.count_waiting() == 2
    assert await near(passages, 0) == []
    (entry, *_) = (await take_all(passages)).values()
    await passages.replace(replace(entry), [PassageVector(0, 4, (1.0, 0.0))])
    assert [one.candidate.id for one in await passages.find_near(ANA, (1.0, 0.0), EntryFilter(), 10)] == [entry.id]


async def test_those_who_wait_are_taken_user_by_user(indexes: BothIndexes) -> None:
    index, passages = indexes
    await passages.prepare(MODEL, 3)
    await put(index, *(an_entry(f"a{number}", "x") for number in range(3)))
    await put(index, an_entry("b", "x", user_id=BO))
    await passages.wait_again(ANA, ["a0", "a1", "a2"])
    await passages.wait_again(BO, ["b"])
    taken = [entry.user_id for entry in (await take_all(passages)).values()]
    assert sorted(taken) == [ANA, ANA, ANA, BO]
