"""What must hold of all that a user has, as rules: each names the ids by which it is broken."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

SHOWN: Final = 10  # ids that are named for each rule


class Rule(NamedTuple):
    """What is wrong where it is broken, and how to mend it; `harmless` when nothing needs to be mended."""

    wrong: str
    mend: str
    harmless: bool = False


RULES: Final[Mapping[str, Rule]] = {
    "sums": Rule("sums differ from what is there", "reyna doctor --mend"),
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
    """How often one rule is broken; `ids` are the first ten, or what differs in words."""

    rule: str
    count: int
    ids: tuple[str, ...]


class Findings:
    """Gathers what is found, rule by rule, without keeping all of it."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[int, tuple[str, ...]]] = {}

    def add(self, rule: str, ids: Iterable[str]) -> None:
        for id in ids:
            count, named = self._found.get(rule, (0, ()))
            self._found[rule] = count + 1, (*named, id)[:SHOWN]

    def all(self) -> tuple[Finding, ...]:
        """In the order of the rules."""
        return tuple(
            Finding(rule=rule, count=self._found[rule][0], ids=self._found[rule][1])
            for rule in RULES
            if rule in self._found
        )


class Standing(NamedTuple):
    """A placement, as the rules see it."""

    id: str
    blob_id: str
    bucket_id: str
    live: bool


Present = Mapping[str, bool]
"""Ids of what is there -> whether it is out of the trash."""


def placed_nothing(places: Iterable[Standing], blobs: Present) -> Iterator[str]:
    return (place.id for place in places if place.blob_id not in blobs)


def placed_nowhere(places: Iterable[Standing], buckets: Present) -> Iterator[str]:
    return (place.id for place in places if place.bucket_id not in buckets)


def placed_in_trash(places: Iterable[Standing], blobs: Present, buckets: Present) -> Iterator[str]:
    """A place is in the trash whenever its blob or its bucket is."""
    for place in places:
        if place.live and not (blobs.get(place.blob_id, True) and buckets.get(place.bucket_id, True)):
            yield place.id


def orphans(parents: Mapping[str, str | None], buckets: Present) -> Iterator[str]:
    """`parents`: all buckets, each with its parent. One in the trash may outlive its parent: it asks for a new one."""
    return (id for id, parent in parents.items() if buckets[id] and parent is not None and parent not in parents)


def live_in_trash(parents: Mapping[str, str | None], buckets: Present) -> Iterator[str]:
    for id, parent in parents.items():
        if buckets[id] and parent is not None and not buckets.get(parent, True):
            yield id


def loops(parents: Mapping[str, str | None]) -> Iterator[str]:
    """One bucket of each loop."""
    passed: dict[str, str] = {}  # bucket -> the one from which it was first reached
    for start in parents:
        here: str | None = start
        while here is not None and here in parents and here not in passed:
            passed[here] = start
            here = parents[here]
        if here is not None and passed.get(here) == start:
            yield here


def differing(kept: Mapping[str, int], counted: Mapping[str, int]) -> Iterator[str]:
    """What differs, in words; `counted` is how it is."""
    for what, number in counted.items():
        if kept.get(what, 0) != number:
            yield f"{what}: {kept.get(what, 0):,} instead of {number:,}"
