"""The rules that must hold of all records of a user: each function yields the ids that break one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

MAX_NAMED_IDS: Final = 10  # ids that are named for each rule


class Rule(NamedTuple):
    """A rule: the problem where it is broken, and the way to mend it; `harmless` when nothing needs to be mended."""

    wrong: str
    mend: str
    harmless: bool = False


RULES: Final[Mapping[str, Rule]] = {
    "sums": Rule("sums that differ from what is there", "reyna doctor --mend"),
    "placed_nothing": Rule("places of blobs that are gone", "take them out: DELETE /api/buckets/{id}/blobs/{blob_id}"),
    "placed_nowhere": Rule(
        "places in buckets that are gone", "take them out: DELETE /api/buckets/{id}/blobs/{blob_id}"
    ),
    "orphans": Rule("buckets whose parent is gone", "move them to another: POST /api/buckets/{id}/move"),
    "loops": Rule("buckets that contain themselves", "move one of each loop to the top: POST /api/buckets/{id}/move"),
    "live_in_trash": Rule("buckets out of the trash inside buckets in it", "trash them, or move them out"),
    "placed_in_trash": Rule("places out of the trash of what is in it", "trash the bucket or the blob again"),
    "no_unit": Rule(
        "things in the trash that belong to no act of trashing", "restore them: POST /api/blobs/{id}/restore"
    ),
    "empty_units": Rule("acts of trashing without anything in the trash", "purge the trash: DELETE /api/trash"),
    "lost_revisions": Rule(
        "revisions of blobs that are gone", "they take up room, and hurt nothing else", harmless=True
    ),
    "parents_gone": Rule("blobs that came from blobs that are gone", "their lineage begins with them", harmless=True),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """The number of times that one rule is broken; `ids` are the first ten, or the differences in words."""

    rule: str
    count: int
    ids: tuple[str, ...]


class Findings:
    """Collects findings, rule by rule, without keeping all ids."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, tuple[str, ...]]] = {}

    def add(self, rule: str, ids: Iterable[str]) -> None:
        for id in ids:
            count, named = self._found.get(rule, (0, ()))
            self._found[rule] = count + 1, (*named, id)[:MAX_NAMED_IDS]

    def all(self) -> tuple[Finding, ...]:
        """Returns the findings in the order of the rules."""
        return tuple(
            Finding(rule=rule, count=self._found[rule][0], ids=self._found[rule][1])
            for rule in RULES
            if rule in self._found
        )


class PlacementView(NamedTuple):
    """A placement, as the rules see it."""

    id: str
    blob_id: str
    bucket_id: str
    live: bool


Present = Mapping[str, bool]
"""Ids of existing records -> whether they are out of the trash."""


def placed_nothing(places: Iterable[PlacementView], blobs: Present) -> Iterator[str]:
    """Yields the placements whose blob does not exist."""
    return (place.id for place in places if place.blob_id not in blobs)


def placed_nowhere(places: Iterable[PlacementView], buckets: Present) -> Iterator[str]:
    """Yields the placements whose bucket does not exist."""
    return (place.id for place in places if place.bucket_id not in buckets)


def placed_in_trash(places: Iterable[PlacementView], blobs: Present, buckets: Present) -> Iterator[str]:
    """Yields the placements out of the trash whose blob or bucket is in it."""
    for place in places:
        if place.live and not (blobs.get(place.blob_id, True) and buckets.get(place.bucket_id, True)):
            yield place.id


def orphans(parents: Mapping[str, str | None], buckets: Present) -> Iterator[str]:
    """Yields the buckets out of the trash whose parent does not exist; `parents` are those of all buckets."""
    return (id for id, parent in parents.items() if buckets[id] and parent is not None and parent not in parents)


def live_in_trash(parents: Mapping[str, str | None], buckets: Present) -> Iterator[str]:
    """Yields the buckets out of the trash whose parent is in it."""
    for id, parent in parents.items():
        if buckets[id] and parent is not None and not buckets.get(parent, True):
            yield id


def loops(parents: Mapping[str, str | None]) -> Iterator[str]:
    """Yields one bucket of each loop."""
    passed: dict[str, str] = {}  # bucket -> the one from which it was first reached
    for start in parents:
        here: str | None = start
        while here is not None and here in parents and here not in passed:
            passed[here] = start
            here = parents[here]
        if here is not None and passed.get(here) == start:
            yield here


def describe_differences(kept: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[str]:
    """Yields the differences, in words; `counted` is what is stored."""
    for what, number in counted.items():
        if kept.get(what, 0) != number:
            yield f"{what}: {kept.get(what, 0):,} instead of {number:,}"
