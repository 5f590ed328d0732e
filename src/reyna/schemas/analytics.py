"""How schemas are used: counts from every process that validates, kept by user, schema and day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid
from reyna.domain.usage import Counted, DayOfUse, SchemaUsage, Use
from reyna.ports import Put, Unmet
from reyna.schemas.records import USAGE, Usage, usage_id
from reyna.schemas.registering import Registering

DAYS: Final = 30  # when no other time is asked for
MOST_DAYS: Final = 366
TRIES: Final = 20  # to add to a record to which others add at the same moment
REMEMBERED: Final = 32  # batches in each record; one is repeated within seconds, and few processes count


class Analytics(Registering):
    """The verbs about how schemas are used."""

    async def usage(self, caller: Caller, id: str, *, since: str | None = None, to: str | None = None) -> SchemaUsage:
        """What the caller made of a schema from one day to another, both included: the last 30 days unless told.

        Counts arrive within seconds. Raises NotFound, and Invalid for what is no day or more than a year.
        """
        schema = await self.schema(caller, id)
        days = _days(since, to)
        found = await self._store.find(USAGE, caller.user_id, {"schema_id": schema.id, "day": days}, order=("day",))
        rows = [
            DayOfUse(
                day=record.day,
                version=version,
                validations=counted.validations,
                failures=counted.failures,
                rules=counted.rules,
                blobs=counted.blobs,
            )
            for record in found
            for version, counted in sorted(record.versions.items())
        ]
        return SchemaUsage(schema_id=schema.id, days=tuple(rows), totals=_totals(found))

    async def count(self, caller: Caller, batch: str, uses: list[Use]) -> None:
        """Add what a process has counted; the same batch again adds nothing. Raises Forbidden for all but the house."""
        if caller.kind != "house":
            raise Forbidden("Only the house counts.")
        by_record: defaultdict[tuple[str, str, str], list[Use]] = defaultdict(list)
        for use in uses:
            by_record[use.user_id, use.schema_id, use.day].append(use)
        for place, same in by_record.items():
            await self._add(batch, place, same)

    async def _add(self, batch: str, place: tuple[str, str, str], uses: Sequence[Use]) -> None:
        user_id, schema_id, day = place
        for _ in range(TRIES):
            kept = await self._store.get(USAGE, user_id, usage_id(schema_id, day))
            if kept is not None and batch in kept.batches:
                return
            before = kept or Usage(
                id=usage_id(schema_id, day), user_id=user_id, schema_id=schema_id, day=day, revision=0
            )
            versions = dict(before.versions)
            for use in uses:
                versions[use.version] = versions.get(use.version, Counted()).plus(use.counted)
            batches = (*before.batches, batch)[-REMEMBERED:]
            after = replace(before, versions=versions, batches=batches, revision=before.revision + 1)
            try:
                await self._store.write(Put(USAGE, after, expects=before.revision))
            except Unmet:
                continue
            return
        raise Conflict("Too many count the same at this moment.", id=schema_id)


def _totals(records: Iterable[Usage]) -> Counted:
    totals = Counted()
    for record in records:
        for counted in record.versions.values():
            totals = totals.plus(counted)
    return totals


def _days(since: str | None, to: str | None) -> list[str]:
    """Every day from one to the other."""
    last = _day(to, "to") if to is not None else datetime.now(UTC).date()
    first = _day(since, "from") if since is not None else _before(last, DAYS - 1)
    count = (last - first).days + 1
    if not 1 <= count <= MOST_DAYS:
        raise Invalid.at("/from", f"must be 1 to {MOST_DAYS} days up to {last}", expected="a day before")
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]


def _day(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise Invalid.at(f"/{field}", "is not a day", expected="such as 2026-03-01 (UTC)")
    return found


def _before(day: date, days: int) -> date:
    return max(day, date.min + timedelta(days=days)) - timedelta(days=days)
