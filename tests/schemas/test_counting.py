"""How schemas are used is counted in memory, told in batches, kept by day, and shown to nobody else."""

import asyncio
from typing import Any, Final

import pytest

from reyna.adapters.memory import MemoryStore
from reyna.domain.blob import NewBlob
from reyna.domain.caller import Caller, house
from reyna.domain.errors import Conflict, DataError, Fault, Forbidden, Invalid, NotFound, Unserved
from reyna.domain.usage import Counted, Use
from reyna.fit.counting import AT_ONCE, Counts, Teller
from reyna.schemas.records import USAGE
from reyna.schemas.service import Schemas
from reyna.state.records import COLLECTIONS
from reyna.state.service import State

MARCH: Final = "2026-03-01"
MOMENT: Final = 1_772_366_400.0  # noon of that day
TYPE: Final = DataError(path="/content", message="is no text", schema_path="/properties/content/type")


def use(day: str = MARCH, *, user: str = "user-ana", version: str = "1.0.0", **counted: Any) -> Use:
    return Use(
        user_id=user, schema_id="text-input-v1", version=version, day=day, counted=Counted(**counted or {"blobs": 1})
    )


def counts(**more: Any) -> Counts:
    return Counts(clock=lambda: MOMENT, **more)


class Ear:
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
    counting = counts()
    for _ in range(3):
        counting.validated("user-ana", "text-input-v1", "1.0.0")
    counting.failed("user-ana", "text-input-v1", "1.0.0", [TYPE, TYPE])
    counting.stored("user-ana", "text-input-v1", "1.0.0")
    counting.validated("user-bo", "text-input-v1", "1.0.0")
    assert counting.take() == [
        use(validations=3, failures=1, rules={"type": 1}, blobs=1),
        use(user="user-bo", validations=1),
    ]
    assert counting.take() == []


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
    counting = counts()
    counting.failed("user-ana", "text-input-v1", "1.0.0", [DataError(path="", message="", schema_path=schema_path)])
    assert counting.take()[0].counted.rules == {rule: 1}


def test_what_is_counted_after_midnight_belongs_to_the_next_day() -> None:
    now = MOMENT
    counting = Counts(clock=lambda: now)
    counting.stored("user-ana", "text-input-v1", "1.0.0")
    now += 43_201
    counting.look_at_the_day()
    counting.stored("user-ana", "text-input-v1", "1.0.0")
    assert counting.take() == [use(MARCH, blobs=1), use("2026-03-02", blobs=1)]


def test_what_has_no_room_is_not_counted_and_what_has_a_place_goes_on() -> None:
    counting = counts(most=2)
    for user in ("user-ana", "user-bo", "user-eve", "user-ana"):
        counting.validated(user, "text-input-v1", "1.0.0")
        counting.failed(user, "text-input-v1", "1.0.0", [TYPE])
    assert [(each.user_id, each.counted.validations) for each in counting.take()] == [("user-ana", 2), ("user-bo", 1)]


async def test_a_teller_tells_by_itself_and_at_the_end() -> None:
    counting, ear = counts(), Ear()
    teller = Teller(counting, ear, often=0.001)
    await teller.start()
    counting.validated("user-ana", "text-input-v1", "1.0.0")
    await asyncio.wait_for(ear.came.wait(), 10)
    await teller.stop()
    last = Teller(counting, ear, often=3_600)
    await last.start()
    counting.stored("user-ana", "text-input-v1", "1.0.0")
    await last.stop()
    assert [uses for _, uses in ear.heard] == [[use(validations=1)], [use(blobs=1)]]


async def test_what_was_not_acknowledged_is_told_again_under_the_same_name() -> None:
    counting, ear = counts(), Ear(late=True)
    teller = Teller(counting, ear)
    counting.validated("user-ana", "text-input-v1", "1.0.0")
    ear.away = True
    assert not await teller.tell()
    counting.validated("user-ana", "text-input-v1", "1.0.0")
    assert not await teller.tell()
    ear.away = False
    assert await teller.tell()
    first, second, third, last = ear.heard
    assert first == second == third
    assert last[0] != first[0]
    assert last[1] == [use(validations=1)]


async def test_much_is_told_in_several_batches() -> None:
    counting, ear = counts(), Ear()
    for number in range(AT_ONCE + 1):
        counting.validated(f"user-{number}", "text-input-v1", "1.0.0")
    assert await Teller(counting, ear).tell()
    assert [len(uses) for _, uses in ear.heard] == [AT_ONCE, 1]


async def test_a_batch_that_is_refused_is_not_told_for_ever() -> None:
    async def refuse(batch: str, uses: list[Use]) -> None:
        raise Forbidden

    counting = counts()
    counting.validated("user-ana", "text-input-v1", "1.0.0")
    assert await Teller(counting, refuse).tell()


# --- what is kept ---


async def test_counts_of_many_processes_add_up_and_a_batch_counts_once(schemas: Schemas, ana: Caller) -> None:
    batches = [("a", [use(validations=2, failures=1, rules={"type": 1})]), ("b", [use(validations=1), use(blobs=4)])]
    batches += [("c", [use(validations=1, version="1.1.0")]), ("d", [use("2026-03-02", rules={"type": 2})])]
    await asyncio.gather(*(schemas.count(house(), *batch) for batch in [*batches, *batches, *batches]))
    found = await schemas.usage(ana, "text-input-v1", since=MARCH, to="2026-03-02")
    rows = [(row.day, row.version, row.validations, row.failures, row.rules, row.blobs) for row in found.days]
    assert rows == [
        (MARCH, "1.0.0", 3, 1, {"type": 1}, 4),
        (MARCH, "1.1.0", 1, 0, {}, 0),
        ("2026-03-02", "1.0.0", 0, 0, {"type": 2}, 0),
    ]
    assert found.totals == Counted(validations=4, failures=1, rules={"type": 3}, blobs=4)


async def test_only_the_days_that_are_asked_for_are_told(schemas: Schemas, ana: Caller) -> None:
    await schemas.count(house(), "a", [use("2026-02-28"), use(MARCH), use("2026-03-02")])
    found = await schemas.usage(ana, "text-input-v1", since=MARCH, to=MARCH)
    assert [row.day for row in found.days] == [MARCH]
    assert (await schemas.usage(ana, "text-input-v1", since="2026-02-01", to="2026-02-27")).days == ()


async def test_nobody_sees_how_another_uses_a_schema(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await schemas.count(house(), "a", [use()])
    for other in (bo, house()):
        found = await schemas.usage(other, "text-input-v1", since=MARCH, to=MARCH)
        assert (found.days, found.totals) == ((), Counted())
    with pytest.raises(NotFound):
        await schemas.usage(ana, "nothing-v1")


async def test_only_the_house_counts(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(Forbidden):
        await schemas.count(ana, "a", [use()])
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
        await schemas.usage(ana, "text-input-v1", since=since, to=to)
    assert refusal.value.errors[0].path == path
    assert (await schemas.usage(ana, "text-input-v1", to="0001-01-01")).days == ()


# --- what counts ---


async def told(counting: Counts, schemas: Schemas) -> None:
    async def tell(batch: str, uses: list[Use]) -> None:
        await schemas.count(house(), batch, uses)

    assert await Teller(counting, tell).tell()


async def test_every_validation_counts_for_who_asked(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    for data in ({"content": "x"}, {"content": 3}, {"content": "a\0b"}, {}):
        await schemas.validate(ana, "text-input-v1", data)
    await schemas.validate(bo, "text-input-v1", {"content": "x"})
    await told(schemas.counts, schemas)
    [row] = (await schemas.usage(ana, "text-input-v1")).days
    assert (row.validations, row.failures, row.rules) == (4, 3, {"type": 1, "data": 1, "required": 1})
    assert (await schemas.usage(bo, "text-input-v1")).totals == Counted(validations=1)


async def test_what_is_stored_and_what_is_refused_counts_for_its_owner(
    schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    state = State(MemoryStore(COLLECTIONS), schemas)
    for data in ({"content": "x"}, {"content": "y"}):
        await state.create_blob(ana, NewBlob(schema_id="text-input-v1", data=data))
    with pytest.raises(Invalid):
        await state.create_blob(ana, NewBlob(schema_id="text-input-v1", data={"content": 3}))
    await told(state.shapes.counts, schemas)
    found = (await schemas.usage(ana, "text-input-v1")).totals
    assert found == Counted(validations=3, failures=1, rules={"type": 1}, blobs=2)
    assert (await schemas.usage(bo, "text-input-v1")).days == ()


async def test_counts_that_others_got_in_the_way_of_are_told_again() -> None:
    counting, heard = counts(), list[str]()

    async def busy_once(batch: str, uses: list[Use]) -> None:
        heard.append(batch)
        if len(heard) == 1:
            raise Conflict("Too many count the same at this moment.")

    teller = Teller(counting, busy_once)
    counting.stored("user-ana", "text-input-v1", "1.0.0")
    assert not await teller.tell()
    assert await teller.tell()
    assert heard[0] == heard[1]


async def test_content_is_kept_while_nobody_counts(schemas: Schemas, ana: Caller) -> None:
    async def away(batch: str, uses: list[Use]) -> None:
        raise Fault

    state = State(MemoryStore(COLLECTIONS), schemas)
    teller = Teller(state.shapes.counts, away)
    for _ in range(3):
        await state.create_blob(ana, NewBlob(schema_id="text-input-v1", data={"content": "x"}))
        assert not await teller.tell()
