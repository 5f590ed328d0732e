"""The part `usage` of the schema service: counts by user, schema, version and day, from every process that
validates."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid
from reyna.domain.usage import Counted, DayOfUse, SchemaUsage, Use
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.schemas.records import USAGE, DailyUsage, usage_id
from reyna.services.schemas.registry.catalog import SchemaCatalog

DEFAULT_DAYS: Final = 30  # without `since`
MAX_DAYS: Final = 366
MAX_WRITE_ATTEMPTS: Final = 20  # to a record that other processes write at the same moment
MAX_REMEMBERED_BATCHES: Final = 32  # in each record; a batch is repeated within seconds
MAX_REMEMBERED_RECORDS: Final = 1_000  # of those that this process has written; some 3 KiB each
Place = tuple[str, str, str]  # user, schema, day


class UsageStatistics:
    """Adds up counts by user, schema, version and day, and reads them."""

    def __init__(self, store: Store, catalog: SchemaCatalog) -> None:
        self._store, self._catalog = store, catalog
        self._written: dict[Place, DailyUsage] = {}  # the records that this process has written last

    async def get(self, caller: Caller, id: str, *, since: str | None = None, to: str | None = None) -> SchemaUsage:
        """Returns the caller's use of a schema between two days, both included; by default the last 30 days.

        Counts arrive within seconds. Raises NotFound, and Invalid for a malformed day or more than a year.
        """
        schema = await self._catalog.get(caller, id)
        days = _days_between(since, to)
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
        """Adds the counts of a process; the same batch is added once. Raises Forbidden for every caller but the
        system."""
        if caller.kind != "house":
            raise Forbidden("Only services report counts.")
        by_record: defaultdict[Place, list[Use]] = defaultdict(list)
        for use in uses:
            by_record[use.user_id, use.schema_id, use.day].append(use)
        if len(by_record) > 1 and await self._add_all(batch, by_record):
            return
        for place, same in by_record.items():
            await self._add(batch, place, same)

    async def _add_all(self, batch: str, by_record: Mapping[Place, Sequence[Use]]) -> bool:
        """Adds all counts in one write; returns False, with nothing written, when another process wrote meanwhile."""
        found = {place: await self._latest(place) for place in by_record}
        added = {
            place: _plus(record, batch, by_record[place])
            for place, record in found.items()
            if batch not in record.batches
        }
        return await self._write(added)

    async def _add(self, batch: str, place: Place, uses: Sequence[Use]) -> None:
        for _ in range(MAX_WRITE_ATTEMPTS):
            record = await self._latest(place)
            if batch in record.batches or await self._write({place: _plus(record, batch, uses)}):
                return
        raise Conflict("Too many processes report the same counts at this moment.", id=place[1])

    async def _latest(self, place: Place) -> DailyUsage:
        """Returns the record as it was written last, by this process if it has: a write finds out if others did since.

        A record that there is none of has revision 0.
        """
        if (written := self._written.get(place)) is not None:
            return written
        user_id, schema_id, day = place
        id = usage_id(schema_id, day)
        return await self._store.get(USAGE, user_id, id) or DailyUsage(
            id=id, user_id=user_id, schema_id=schema_id, day=day, revision=0
        )

    async def _write(self, records: Mapping[Place, DailyUsage]) -> bool:
        """Writes the next revisions of these records; returns False when one of them is not the next any more."""
        for place in records:
            self._written.pop(place, None)
        try:
            await self._store.write(*(Put(USAGE, record, record.revision - 1) for record in records.values()))
        except RequirementNotMet:
            return False
        self._written |= records
        while len(self._written) > MAX_REMEMBERED_RECORDS:
            del self._written[next(iter(self._written))]
        return True


def _plus(record: DailyUsage, batch: str, uses: Sequence[Use]) -> DailyUsage:
    """Returns the next revision of the record, with the counts of a batch added."""
    versions = dict(record.versions)
    for use in uses:
        versions[use.version] = versions.get(use.version, Counted()).plus(use.counted)
    batches = (*record.batches, batch)[-MAX_REMEMBERED_BATCHES:]
    return replace(record, versions=versions, batches=batches, revision=record.revision + 1)


def _totals(records: Iterable[DailyUsage]) -> Counted:
    totals = Counted()
    for record in records:
        for counted in record.versions.values():
            totals = totals.plus(counted)
    return totals


def _days_between(since: str | None, to: str | None) -> list[str]:
    """Returns every day between two days, both included."""
    last = _parse_day(to, "to") if to is not None else datetime.now(UTC).date()
    first = _parse_day(since, "from") if since is not None else _days_before(last, DEFAULT_DAYS - 1)
    count = (last - first).days + 1
    if not 1 <= count <= MAX_DAYS:
        raise Invalid.at("/from", f"must be 1 to {MAX_DAYS} days up to {last}", expected="a day before")
    return [(first + timedelta(days=number)).isoformat() for number in range(count)]


def _parse_day(text: str, field: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text:
        raise Invalid.at(f"/{field}", "is not a day", expected="such as 2026-03-01 (UTC)")
    return found


def _days_before(day: date, days: int) -> date:
    return max(day, date.min + timedelta(days=days)) - timedelta(days=days)
