"""Builds the buckets that the fields of legacy lines become, once each, or finds those of an earlier import."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.event import Message
from reyna.domain.text.names import is_same_name, make_name
from reyna.ports.store import Put, Require, Step
from reyna.services.state.legacy_import.lines import LegacyPlace, bucket_id
from reyna.services.state.records import BUCKETS
from reyna.services.state.structure.subtree import LIVE
from reyna.storage.logical_clock import LogicalClock

UNTITLED: Final = "untitled"
ORIGIN: Final = "legacy"  # in the metadata of a bucket: the field and the value that it was made of


class BucketBuilder:
    """The buckets of one batch, as they are and as they will be.

    A field's value is one bucket, whatever the order of the lines: one that was made without its parent, or without
    its title, gets it from the first line that knows. Only where the same value stands in two places (`chapter_id` 1
    of two books) there are two of them.

    `there` are the existing ones of those that may be needed; `without_origin` are the types whose metadata must not
    hold the origin of a bucket; `parents` are the parents of every bucket that contains one of `there`.
    """

    def __init__(
        self,
        caller: Caller,
        there: Iterable[Bucket],
        without_origin: frozenset[str],
        parents: Mapping[str, str | None],
        order: LogicalClock,
    ) -> None:
        self._caller, self._without_origin, self._parents = caller, without_origin, parents
        self._next = partial(order.next, caller.user_id)
        self._before = {bucket.id: bucket for bucket in there}
        self._now = dict(self._before)
        self._used: set[str] = set()
        self.renamed: list[
            tuple[LegacyPlace, str]
        ] = []  # places whose name could not be kept as it was, and what it became

    def find_or_build(self, place: LegacyPlace) -> Bucket | None:
        """Returns the bucket for a place; None when it, or the one around it, is in the trash."""
        around = None
        if place.around is not None and (around := self.find_or_build(place.around)) is None:
            return None
        bucket = self._find(place, around)
        if bucket.trashed_at is not None:
            return None
        if _visible_title(place) and bucket.name == _name(place.value):
            bucket = replace(bucket, name=self._build_name(place))
        self._now[bucket.id] = bucket
        self._used.add(bucket.id)
        return bucket

    def _find(self, place: LegacyPlace, around: Bucket | None) -> Bucket:
        first = bucket_id(self._caller.user_id, place)
        under = place.around.value if place.around is not None else None
        known = self._now.get(first)
        if known is None:
            return self._build(first, place, around, under)
        if under is None or around is None or known.trashed_at is not None:
            return known
        origin = _under(known)
        if origin == under or known.parent_bucket_id == around.id:
            return known
        if origin is None and known.parent_bucket_id is None and not self._contains(first, around):
            origins = {ORIGIN: known.metadata[ORIGIN] | {"under": under}} if ORIGIN in known.metadata else {}
            there = rank.last(self._next(), known.id)
            return replace(known, parent_bucket_id=around.id, metadata=known.metadata | origins, rank=there)
        if origin is None:
            return known  # somebody has put it where it is
        second = bucket_id(self._caller.user_id, place, under)
        return self._now.get(second) or self._build(second, place, around, under)

    def _build(self, id: str, place: LegacyPlace, around: Bucket | None, under: str | None) -> Bucket:
        now, number = datetime.now(UTC), self._next()
        return Bucket(
            id=id,
            user_id=self._caller.user_id,
            name=self._build_name(place),
            type=place.type,
            parent_bucket_id=None if around is None else around.id,
            rank=rank.last(number, id),
            number=number,
            metadata={} if place.type in self._without_origin else origin_of(place, under),
            created_at=now,
            updated_at=now,
        )

    def _build_name(self, place: LegacyPlace) -> str:
        title = _visible_title(place)
        name = _name(title or place.value)
        if not is_same_name(place.title if place.title is not None else place.value, name):
            self.renamed.append((place, name))
        return name

    def _contains(self, id: str, around: Bucket) -> bool:
        """Returns whether the bucket around is inside the bucket of this id, where somebody has moved it."""
        above: str | None = around.id
        while above is not None and above != id:
            known = self._now.get(above)
            above = known.parent_bucket_id if known is not None else self._parents.get(above)
        return above is not None

    @property
    def new_buckets(self) -> list[Bucket]:
        return [bucket for id, bucket in self._now.items() if id not in self._before]

    @property
    def changed_buckets(self) -> list[tuple[Bucket, Bucket]]:
        """Returns the buckets before and after; a change that only shows in the origin is none."""
        return [(self._before[id], self._now[id]) for id in self._used & self._before.keys() if self._differs(id)]

    def _differs(self, id: str) -> bool:
        before, now = self._before[id], self._now[id]
        return (before.name, before.parent_bucket_id) != (now.name, now.parent_bucket_id)

    @property
    def has_moves(self) -> bool:
        """Returns whether an existing bucket gets another parent, which only one change at a time may do."""
        return any(before.parent_bucket_id != after.parent_bucket_id for before, after in self.changed_buckets)

    def steps(self) -> list[Step]:
        """Returns the steps that write the buckets, and that require the unchanged ones to be out of the trash."""
        user_id, changed = self._caller.user_id, self.changed_buckets
        steps: list[Step] = [Put(BUCKETS, bucket) for bucket in self.new_buckets]
        for before, after in changed:
            written = replace(after, revision=before.revision + 1, updated_at=datetime.now(UTC))
            steps.append(Put(BUCKETS, written, expects=before.revision))
        kept = (self._used & self._before.keys()) - {before.id for before, _ in changed}
        steps += [Require(BUCKETS, user_id, id, LIVE) for id in sorted(kept)]
        return steps

    def messages(self) -> list[Message]:
        events = [bucket.event("created", self._caller) for bucket in self.new_buckets]
        for before, after in self.changed_buckets:
            written = replace(after, revision=before.revision + 1)
            if before.parent_bucket_id != after.parent_bucket_id:
                events.append(written.event("moved", self._caller, came_from=before.parent_bucket_id))
            if before.name != after.name:
                events.append(written.event("updated", self._caller))
        return [event.message() for event in events]


def origin_of(place: LegacyPlace | None = None, under: str | None = None) -> dict[str, Any]:
    """Returns the metadata of a bucket built for this place, or an example of it without a place."""
    origin = {"field": "", "id": ""} if place is None else {"field": place.field, "id": place.value}
    return {ORIGIN: origin | ({} if under is None else {"under": under})}


def _under(bucket: Bucket) -> str | None:
    origin = bucket.metadata.get(ORIGIN)
    under = origin.get("under") if isinstance(origin, dict) else None
    return under if isinstance(under, str) else None


def _visible_title(place: LegacyPlace) -> str | None:
    """Returns the title of the place, unless nothing of it can be seen."""
    return place.title if place.title is not None and make_name(place.title, instead="") else None


def _name(text: str) -> str:
    """Returns the text as a bucket's name: in one line, not too long, with something visible."""
    return make_name(text, instead=UNTITLED)
