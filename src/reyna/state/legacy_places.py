"""The buckets that the fields of legacy lines become: found where they were made before, else made once."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.event import Message
from reyna.ports import Need, Put, Step
from reyna.state.buckets import NAME_LENGTH
from reyna.state.legacy import Place, bucket_id
from reyna.state.records import BUCKETS
from reyna.state.subtree import LIVE

ORIGIN: Final = "legacy"  # in the metadata of a bucket: the field and the value that it was made of


class Shelves:
    """The buckets of one batch, as they are and as they will be.

    A field's value is one bucket, whatever the order of the lines: one that was made without its parent, or without
    its title, gets it from the first line that knows. Only where the same value stands in two places (`chapter_id` 1
    of two books) there are two of them.

    `there` are the buckets that were found of those that may be needed; `bare` are the types whose metadata must not
    hold where a bucket came from; `parents` tells of every bucket that contains one of `there` what contains it.
    """

    def __init__(
        self, caller: Caller, there: Iterable[Bucket], bare: frozenset[str], parents: Mapping[str, str | None]
    ) -> None:
        self._caller, self._bare, self._parents = caller, bare, parents
        self._before = {bucket.id: bucket for bucket in there}
        self._now = dict(self._before)
        self._used: set[str] = set()

    def stand(self, place: Place) -> Bucket | None:
        """The bucket for a place; None when it, or the one around it, is in the trash."""
        around = None
        if place.around is not None and (around := self.stand(place.around)) is None:
            return None
        bucket = self._found(place, around)
        if bucket.trashed_at is not None:
            return None
        if place.title is not None and bucket.name == _name(place.value):
            bucket = replace(bucket, name=_name(place.title))
        self._now[bucket.id] = bucket
        self._used.add(bucket.id)
        return bucket

    def _found(self, place: Place, around: Bucket | None) -> Bucket:
        first = bucket_id(self._caller.user_id, place)
        under = place.around.value if place.around is not None else None
        known = self._now.get(first)
        if known is None:
            return self._made(first, place, around, under)
        if under is None or around is None or known.trashed_at is not None:
            return known
        origin = _under(known)
        if origin == under or known.parent_bucket_id == around.id:
            return known
        if origin is None and known.parent_bucket_id is None and not self._contains(first, around):
            origins = {ORIGIN: known.metadata[ORIGIN] | {"under": under}} if ORIGIN in known.metadata else {}
            return replace(known, parent_bucket_id=around.id, metadata=known.metadata | origins, rank=rank.last())
        if origin is None:
            return known  # somebody has put it where it is
        second = bucket_id(self._caller.user_id, place, under)
        return self._now.get(second) or self._made(second, place, around, under)

    def _made(self, id: str, place: Place, around: Bucket | None, under: str | None) -> Bucket:
        now = datetime.now(UTC)
        return Bucket(
            id=id,
            user_id=self._caller.user_id,
            name=_name(place.title or place.value),
            type=place.type,
            parent_bucket_id=None if around is None else around.id,
            rank=rank.last(),
            metadata={} if place.type in self._bare else origin_of(place, under),
            created_at=now,
            updated_at=now,
        )

    def _contains(self, id: str, around: Bucket) -> bool:
        """Whether the bucket around lies in the bucket of this id itself, where somebody has moved it."""
        above: str | None = around.id
        while above is not None and above != id:
            known = self._now.get(above)
            above = known.parent_bucket_id if known is not None else self._parents.get(above)
        return above is not None

    # --- what is to be written ---

    @property
    def made(self) -> list[Bucket]:
        return [bucket for id, bucket in self._now.items() if id not in self._before]

    @property
    def changed(self) -> list[tuple[Bucket, Bucket]]:
        """Before and after; a change of place or name that only shows in the origin is none."""
        return [(self._before[id], self._now[id]) for id in self._used & self._before.keys() if self._differs(id)]

    def _differs(self, id: str) -> bool:
        before, now = self._before[id], self._now[id]
        return (before.name, before.parent_bucket_id) != (now.name, now.parent_bucket_id)

    @property
    def moves(self) -> bool:
        """Whether something that was there gets another parent, which only one change at a time may do."""
        return any(before.parent_bucket_id != after.parent_bucket_id for before, after in self.changed)

    def steps(self) -> list[Step]:
        """All of it, if what is used and stays as it is still is out of the trash."""
        user_id, changed = self._caller.user_id, self.changed
        steps: list[Step] = [Put(BUCKETS, bucket) for bucket in self.made]
        for before, after in changed:
            written = replace(after, revision=before.revision + 1, updated_at=datetime.now(UTC))
            steps.append(Put(BUCKETS, written, expects=before.revision))
        kept = (self._used & self._before.keys()) - {before.id for before, _ in changed}
        steps += [Need(BUCKETS, user_id, id, LIVE) for id in sorted(kept)]
        return steps

    def messages(self) -> list[Message]:
        events = [bucket.event("created", self._caller) for bucket in self.made]
        for before, after in self.changed:
            written = replace(after, revision=before.revision + 1)
            if before.parent_bucket_id != after.parent_bucket_id:
                events.append(written.event("moved", self._caller, came_from=before.parent_bucket_id))
            if before.name != after.name:
                events.append(written.event("updated", self._caller))
        return [event.message() for event in events]


def origin_of(place: Place | None = None, under: str | None = None) -> dict[str, Any]:
    """The metadata of a bucket made of this place; of no place in particular, to ask whether its type allows it."""
    origin = {"field": "", "id": ""} if place is None else {"field": place.field, "id": place.value}
    return {ORIGIN: origin | ({} if under is None else {"under": under})}


def _under(bucket: Bucket) -> str | None:
    origin = bucket.metadata.get(ORIGIN)
    under = origin.get("under") if isinstance(origin, dict) else None
    return under if isinstance(under, str) else None


def _name(text: str) -> str:
    """The text as a bucket can be called: in one line, and not too long."""
    words = "".join(c if ord(c) >= 32 and ord(c) != 127 else " " for c in text)
    return " ".join(words.split())[:NAME_LENGTH].strip() or "untitled"
