"""The use of schemas is counted in memory, reported in batches, kept by day, and shown to nobody else."""

import asyncio
from typing import Any, Final

import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Conflict, DataError, Fault, Forbidden, Invalid, NotFound, Unserved
from reyna.domain.usage import Counted, Use
from reyna.services.schemas.records import USAGE
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.service import State
from reyna.validation.usage_counts import MAX_REPORTED_USES, UsageCounter, UsageReporter
from reyna.validation.validator import Validator

MARCH: Final = "2026-03-01"
MOMENT: Final = 1_772_366_400.0  # noon of that day
TYPE: Final = DataError(path="/content", message="is no text", schema_path="/properties/content/type")


def use(day: str = MARCH, *, user: str = "user-ana", version: str = "1.0.0", **counted: Any) -> Use:
    return Use(
        user_id=user, schema_id="text-input-v1", version=version, day=day, counted=Counted(**counted or {"blobs": 1})
    )


def usage_counter(**more: Any) -> UsageCounter:
    return UsageCounter(clock=lambda: MOMENT, **more)


class RecordingReporter:
    """Hears batches, unless it is away: then it breaks, having heard all the same where `late`."""

    def __init__(self, *, late: bool = False) -> None:
        self.away, self.late = False, late
        self.heard: list[tuple[str, list[Use]]] = []
        self.came = asyncio.Event()

    async def __call__(self, batch: str, uses: list[Use]) -> None:
        if not self.away or self.late:
            self.heard.append((batch, uses))
            self.came.set()
        if self.away:
            raise Unserved("Nobody serves schemas.")


def test_what_is_counted_is_taken_once_by_user_version_and_day() -> None:
    counter = usage_counter()
    for _ in range(3):
        counter.count_validation("user-ana", "text-input-v1", "1.0.0")
    counter.count_failure("user-ana", "text-input-v1", "1.0.0", [TYPE, TYPE])
    counter.count_stored_blob("user-ana", "text-input-v1", "1.0.0")
    counter.count_validation("user-bo", "text-input-v1", "1.0.0")
    assert counter.take() == [
        use(validations=3, failures=1, rules={"type": 1}, blobs=1),
        use(user="user-bo", validations=1),
    ]
    assert counter.take() == []


@pytest.mark.parametrize(
    ("schema_path", "rule"),
    [
        ("/properties/content/type", "type"),
        ("/required", "required"),
        ("/properties/type", "false"),
        ("/$defs/secret", "false"),
        ("", "false"),
        (None, "data"),
    ],
)
def test_a_failure_counts_for_its_keyword_and_tells_no_names(schema_path: str | None, rule: str) -> None:
    counter = usage_counter()
    counter.count_failure(
        "user-ana", "text-input-v1", "1.0.0", [DataError(path="", message="", schema_path=schema_path)]
    )
    assert counter.take()[0].counted.rules == {rule: 1}


@pytest.mark.parametrize(
    ("keyword", "json_schema", "data"),
    [
        ("type", {"type": "string"}, 1),
        ("enum", {"enum": [1, 2]}, 3),
        ("const", {"const": 1}, 2),
        ("multipleOf", {"multipleOf": 2}, 3),
        ("minimum", {"minimum": 2}, 1),
        ("maximum", {"maximum": 2}, 3),
        ("exclusiveMinimum", {"exclusiveMinimum": 2}, 2),
        ("exclusiveMaximum", {"exclusiveMaximum": 2}, 2),
        ("minLength", {"minLength": 2}, "a"),
        ("maxLength", {"maxLength": 1}, "ab"),
        ("pattern", {"pattern": "^a"}, "b"),
        ("format", {"type": "string", "format": "date"}, "b"),
        ("minItems", {"minItems": 1}, []),
        ("maxItems", {"maxItems": 0}, [1]),
        ("uniqueItems", {"uniqueItems": True}, [1, 1]),
        ("contains", {"contains": {"type": "string"}}, [1]),
        ("minContains", {"contains": {"type": "string"}, "minContains": 2}, ["a"]),
        ("maxContains", {"contains": {"type": "string"}, "maxContains": 1}, ["a", "b"]),
        ("unevaluatedItems", {"unevaluatedItems": False}, [1]),
        ("minProperties", {"minProperties": 1}, {}),
        ("maxProperties", {"maxProperties": 0}, {"a": 1}),
        ("required", {"required": ["a"]}, {}),
        ("dependentRequired", {"dependentRequired": {"a": ["b"]}}, {"a": 1}),
        ("additionalProperties", {"additionalProperties": False}, {"a": 1}),
        ("unevaluatedProperties", {"unevaluatedProperties": False}, {"a": 1}),
        ("anyOf", {"anyOf": [{"type": "string"}, {"type": "null"}]}, 1),
        ("oneOf", {"oneOf": [{"type": "string"}, {"minLength": 1}]}, "a"),
        ("not", {"not": {"type": "string"}}, "a"),
    ],
)
def test_data_that_does_not_fit_counts_for_the_keyword_that_it_fails(keyword: str, json_schema: Any, data: Any) -> None:
    for schema, value in ((json_schema, data), ({"properties": {"part": json_schema}}, {"part": data})):
        counter = usage_counter()
        counter.count_failure("user-ana", "text-input-v1", "1.0.0", Validator(schema).errors(value))
        (used,) = counter.take()
        assert used.counted.rules == {keyword: 1}


def test_what_is_counted_after_midnight_belongs_to_the_next_day() -> None:
    now = MOMENT
    counter = UsageCounter(clock=lambda: now)
    counter.count_stored_blob("user-ana", "text-input-v1", "1.0.0")
    now += 43_201
    counter.update_day()
    counter.count_stored_blob("user-ana", "text-input-v1", "1.0.0")
    assert counter.take() == [use(MARCH, blobs=1), use("2026-03-02", blobs=1)]


def test_what_has_no_room_is_not_counted_and_what_has_a_place_goes_on() -> None:
    counter = usage_counter(max_keys=2)
    for user in ("user-ana", "user-bo", "user-eve", "user-ana"):
        counter.count_validation(user, "text-input-v1", "1.0.0")
        counter.count_failure(user, "text-input-v1", "1.0.0", [TYPE])
    assert [(each.user_id, each.counted.validations) for each in counter.take()] == [("user-ana", 2), ("user-bo", 1)]


async def test_a_teller_tells_by_itself_and_at_the_end() -> None:
    counter, ear = usage_counter(), RecordingReporter()
    teller = UsageReporter(counter, ear, interval_seconds=0.001)
    await teller.start()
    counter.count_validation("user-ana", "text-input-v1", "1.0.0")
    await asyncio.wait_for(ear.came.wait(), 60)
    await teller.stop()
    last = UsageReporter(counter, ear, interval_seconds=3_600)
    await last.start()
    counter.count_stored_blob("user-ana", "text-input-v1", "1.0.0")
    await last.stop()
    assert [uses for _, uses in ear.heard] == [[use(validations=1)], [use(blobs=1)]]


async def test_what_was_not_acknowledged_is_told_again_under_the_same_name() -> None:
    counter, ear = usage_counter(), RecordingReporter(late=True)
    teller = UsageReporter(counter, ear)
    counter.count_validation("user-ana", "text-input-v1", "1.0.0")
    ear.away = True
    assert not await teller.flush()
    counter.count_validation("user-ana", "text-input-v1", "1.0.0")
    assert not await teller.flush()
    ear.away = False
    assert await teller.flush()
    first, second, third, last = ear.heard
    assert first == second == third
    assert last[0] != first[0]
    assert last[1] == [use(validations=1)]


async def test_much_is_told_in_several_batches() -> None:
    counter, ear = usage_counter(), RecordingReporter()
    for number in range(MAX_REPORTED_USES + 1):
        counter.count_validation(f"user-{number}", "text-input-v1", "1.0.0")
    assert await UsageReporter(counter, ear).flush()
    assert [len(uses) for _, uses in ear.heard] == [MAX_REPORTED_USES, 1]


async def test_a_batch_that_is_refused_is_not_told_for_ever() -> None:
    async def refuse(batch: str, uses: list[Use]) -> None:
        raise Forbidden

    counter = usage_counter()
    counter.count_validation("user-ana", "text-input-v1", "1.0.0")
    assert await UsageReporter(counter, refuse).flush()


# --- what is kept ---


async def test_counts_of_many_processes_add_up_and_a_batch_counts_once(schemas: Schemas, ana: Caller) -> None:
    batches = [("a", [use(validations=2, failures=1, rules={"type": 1})]), ("b", [use(validations=1), use(blobs=4)])]
    batches += [("c", [use(validations=1, version="1.1.0")]), ("d", [use("2026-03-02", rules={"type": 2})])]
    await asyncio.gather(*(schemas.usage.count(system_caller(), *batch) for batch in [*batches, *batches, *batches]))
    found = await schemas.usage.get(ana, "text-input-v1", since=MARCH, to="2026-03-02")
    rows = [(row.day, row.version, row.validations, row.failures, row.rules, row.blobs) for row in found.days]
    assert rows == [
        (MARCH, "1.0.0", 3, 1, {"type": 1}, 4),
        (MARCH, "1.1.0", 1, 0, {}, 0),
        ("2026-03-02", "1.0.0", 0, 0, {"type": 2}, 0),
    ]
    assert found.totals == Counted(validations=4, failures=1, rules={"type": 3}, blobs=4)


async def test_two_processes_that_count_in_turn_lose_nothing(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    other = Schemas(store)
    for number in range(6):
        counting = (schemas, other, other)[number % 3]
        for _ in range(2):  # the second time as a repeat
            await counting.usage.count(
                system_caller(), f"batch-{number}", [use(), use("2026-03-02"), use(user="user-bo")]
            )
    found = await schemas.usage.get(ana, "text-input-v1", since=MARCH, to="2026-03-02")
    assert [(row.day, row.blobs) for row in found.days] == [(MARCH, 6), ("2026-03-02", 6)]


async def test_a_batch_that_was_added_in_part_is_added_in_whole_by_a_repeat(schemas: Schemas, ana: Caller) -> None:
    await schemas.usage.count(system_caller(), "a", [use()])
    await schemas.usage.count(system_caller(), "a", [use(), use("2026-03-02")])
    found = await schemas.usage.get(ana, "text-input-v1", since=MARCH, to="2026-03-02")
    assert [(row.day, row.blobs) for row in found.days] == [(MARCH, 1), ("2026-03-02", 1)]


async def test_only_the_days_that_are_asked_for_are_told(schemas: Schemas, ana: Caller) -> None:
    await schemas.usage.count(system_caller(), "a", [use("2026-02-28"), use(MARCH), use("2026-03-02")])
    found = await schemas.usage.get(ana, "text-input-v1", since=MARCH, to=MARCH)
    assert [row.day for row in found.days] == [MARCH]
    assert (await schemas.usage.get(ana, "text-input-v1", since="2026-02-01", to="2026-02-27")).days == ()


async def test_nobody_sees_how_another_uses_a_schema(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await schemas.usage.count(system_caller(), "a", [use()])
    for other in (bo, system_caller()):
        found = await schemas.usage.get(other, "text-input-v1", since=MARCH, to=MARCH)
        assert (found.days, found.totals) == ((), Counted())
    with pytest.raises(NotFound):
        await schemas.usage.get(ana, "nothing-v1")


async def test_only_the_house_counts(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(Forbidden):
        await schemas.usage.count(ana, "a", [use()])
    assert await store.count(USAGE, ana.user_id) == 0


@pytest.mark.parametrize(
    ("since", "to", "path"),
    [
        ("yesterday", None, "/from"),
        (MARCH, "2026-3-2", "/to"),
        (MARCH, "20260302", "/to"),
        ("2026-03-02", MARCH, "/from"),
        ("2020-01-01", MARCH, "/from"),
        ("9999-12-31", None, "/from"),
    ],
)
async def test_days_that_make_no_sense_are_refused(
    schemas: Schemas, ana: Caller, since: str, to: str | None, path: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await schemas.usage.get(ana, "text-input-v1", since=since, to=to)
    assert refusal.value.errors[0].path == path
    assert (await schemas.usage.get(ana, "text-input-v1", to="0001-01-01")).days == ()


# --- what counts ---


async def report_to_service(counter: UsageCounter, schemas: Schemas) -> None:
    async def tell(batch: str, uses: list[Use]) -> None:
        await schemas.usage.count(system_caller(), batch, uses)

    assert await UsageReporter(counter, tell).flush()


async def test_every_validation_counts_for_who_asked(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    for data in ({"content": "x"}, {"content": 3}, {"content": "a\0b"}, {}):
        await schemas.validation.validate(ana, "text-input-v1", data)
    await schemas.validation.validate(bo, "text-input-v1", {"content": "x"})
    await report_to_service(schemas.validation.counter, schemas)
    [row] = (await schemas.usage.get(ana, "text-input-v1")).days
    assert (row.validations, row.failures, row.rules) == (4, 3, {"type": 1, "data": 1, "required": 1})
    assert (await schemas.usage.get(bo, "text-input-v1")).totals == Counted(validations=1)


async def test_what_is_stored_and_what_is_refused_counts_for_its_owner(
    schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    state = State(MemoryStore(COLLECTIONS), schemas)
    for data in ({"content": "x"}, {"content": "y"}):
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data=data))
    with pytest.raises(Invalid):
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": 3}))
    await report_to_service(state.schema_cache.counts, schemas)
    found = (await schemas.usage.get(ana, "text-input-v1")).totals
    assert found == Counted(validations=3, failures=1, rules={"type": 1}, blobs=2)
    assert (await schemas.usage.get(bo, "text-input-v1")).days == ()


async def test_counts_that_others_got_in_the_way_of_are_told_again() -> None:
    counter, heard = usage_counter(), list[str]()

    async def busy_once(batch: str, uses: list[Use]) -> None:
        heard.append(batch)
        if len(heard) == 1:
            raise Conflict("Too many count the same at this moment.")

    teller = UsageReporter(counter, busy_once)
    counter.count_stored_blob("user-ana", "text-input-v1", "1.0.0")
    assert not await teller.flush()
    assert await teller.flush()
    assert heard[0] == heard[1]


async def test_content_is_kept_while_nobody_counts(schemas: Schemas, ana: Caller) -> None:
    async def away(batch: str, uses: list[Use]) -> None:
        raise Fault

    state = State(MemoryStore(COLLECTIONS), schemas)
    teller = UsageReporter(state.schema_cache.counts, away)
    for _ in range(3):
        await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": "x"}))
        assert not await teller.flush()
