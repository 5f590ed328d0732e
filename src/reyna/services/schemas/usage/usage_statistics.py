"""The part `usage` of the schema service: counts by user, schema, version and day, from every process that
validates."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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


class UsageStatistics:
    """Adds up counts by user, schema, version and day, and reads them."""

    def __init__(self, store: Store, catalog: SchemaCatalog) -> None:
        self._store, self._catalog = store, catalog

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
        by_record: defaultdict[tuple[str, str, str], list[Use]] = defaultdict(list)
        for use in uses:
            by_record[use.user_id, use.schema_id, use.day].append(use)
        for place, same in by_record.items():
            await self._add(batch, place, same)

    async def _add(self, batch: str, place: tuple[str, str, str], uses: Sequence[Use]) -> None:
        user_id, schema_id, day = place
        for _ in range(MAX_WRITE_ATTEMPTS):
            record = await self._store.get(USAGE, user_id, usage_id(schema_id, day))
            if record is not None and batch in record.batches:
                return
            before = record or DailyUsage(
                id=usage_id(schema_id, day), user_id=user_id, schema_id=schema_id, day=day, revision=0
            )
            versions = dict(before.versions)
            for use in uses:
                versions[use.version] = versions.get(use.version, Counted()).plus(use.counted)
            batches = (*before.batches, batch)[-MAX_REMEMBERED_BATCHES:]
            after = replace(before, versions=versions, batches=batches, revision=before.revision + 1)
            try:
                await self._store.write(Put(USAGE, after, expects=before.revision))
            except RequirementNotMet:
                continue
            return
        raise Conflict("Too many processes report the same counts at this moment.", id=schema_id)


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
