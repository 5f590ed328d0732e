"""Two processes over one store: what one wrote about a record is published before what the other wrote after it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import Fault
from reyna.domain.event import Event, Message
from reyna.domain.ids import new_id
from reyna.ports.bus import Bus
from reyna.ports.store import Collection, Delete, Increment, Put, Require, Step
from reyna.storage.outbox.known_records import KnownRecords
from reyna.storage.outbox.relay import Relay

ANA, BO = "user-ana", "user-bo"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    user_id: str = ANA
    revision: int = 1


NOTES = Collection("state.notes", Note)
PLACES = Collection("state.places", Note)


class SharedStore(MemoryStore):
    """A store that counts the looks at what is unsent of one user, and can refuse or delay them."""

    def __init__(self) -> None:
        super().__init__([NOTES, PLACES])
        self.looks = 0
        self.is_away = False
        self.may_look = asyncio.Event()
        self.may_look.set()

    async def list_unsent(self, *, before: datetime, limit: int, under: str = "") -> list[Message]:
        if under:
            self.looks += 1
            await self.may_look.wait()
            if self.is_away:
                raise Fault("away")
        return await super().list_unsent(before=before, limit=limit, under=under)


class SilentBus(MemoryBus):
    """The bus of a process that is killed before it publishes: what it hands over arrives nowhere."""

    def __init__(self, real: MemoryBus) -> None:
        super().__init__()
        self._real = real
        self.is_killed = False

    def publish(self, message: Message) -> Awaitable[int]:
        return asyncio.get_running_loop().create_future() if self.is_killed else self._real.publish(message)


@pytest.fixture
def store() -> SharedStore:
    return SharedStore()


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@pytest.fixture
def killed(bus: MemoryBus) -> SilentBus:
    return SilentBus(bus)


async def _running(store: SharedStore, bus: Bus) -> Relay:
    relay = Relay(store, bus, sweep=3600, mark=3600)
    await relay.start()
    await relay.sweep()
    return relay


@pytest.fixture
async def first(store: SharedStore, killed: SilentBus) -> Relay:
    """The relay of the process that is killed; nobody stops it."""
    return await _running(store, killed)


@pytest.fixture
async def second(store: SharedStore, bus: MemoryBus) -> AsyncIterator[Relay]:
    relay = await _running(store, bus)
    yield relay
    await relay.stop()


def message(text: str, user: str = ANA) -> Message:
    return Event.now(f"note.{text}", Caller(user_id=user, kind="user"), {}).message()


async def save(relay: Relay, note: Note, text: str) -> Note:
    """Writes the next revision; a note that is new gets its first one."""
    known = await relay.get(NOTES, note.user_id, note.id)
    saved = note if known is None else msgspec.structs.replace(known, revision=known.revision + 1)
    expects = 0 if known is None else known.revision
    await relay.write(Put(NOTES, saved, expects=expects), messages=[message(text, note.user_id)])
    return saved


async def published(bus: MemoryBus) -> list[str]:
    for _ in range(20):  # until all that is ready has run
        await asyncio.sleep(0)
    position = await bus.position()
    return [one.subject.rpartition(".")[2] async for one in bus.replay("reyna.event.>", after=0, until=position.last)]


async def test_what_a_killed_process_had_committed_is_published_before_the_next_revision(
    first: Relay, second: Relay, killed: SilentBus, bus: MemoryBus
) -> None:
    note = await save(first, Note(id=new_id("note")), "one")
    killed.is_killed = True
    await save(first, note, "two")
    await save(second, note, "three")
    await save(second, note, "four")
    assert await published(bus) == ["one", "two", "three", "four"]


async def test_two_processes_that_take_turns_keep_the_order(first: Relay, second: Relay, bus: MemoryBus) -> None:
    note = Note(id=new_id("note"))
    for number in range(50):
        await save((first, second)[number % 2], note, str(number))
    assert await published(bus) == [str(number) for number in range(50)]


async def test_one_process_that_writes_for_a_user_never_looks_at_what_is_unsent(
    second: Relay, store: SharedStore, bus: MemoryBus
) -> None:
    notes = [Note(id=new_id("note")) for _ in range(3)]
    for _ in range(3):
        for note in notes:
            await save(second, note, "saved")
    assert len(await published(bus)) == 9
    assert store.looks == 0


async def test_a_record_of_another_process_is_looked_for_once(
    first: Relay, second: Relay, store: SharedStore, bus: MemoryBus
) -> None:
    note = await save(first, Note(id=new_id("note")), "one")
    for text in ("two", "three", "four"):
        await save(second, note, text)
        await published(bus)
    assert store.looks == 1


async def test_while_one_user_waits_their_next_messages_wait_too_and_those_of_others_do_not(
    first: Relay, second: Relay, store: SharedStore, killed: SilentBus, bus: MemoryBus
) -> None:
    killed.is_killed = True
    note = await save(first, Note(id=new_id("note")), "one")
    store.may_look.clear()
    await save(second, note, "two")
    await save(second, Note(id=new_id("note")), "another")
    await save(second, Note(id=new_id("note"), user_id=BO), "bo")
    assert await published(bus) == ["bo"]
    store.may_look.set()
    assert await published(bus) == ["bo", "one", "two", "another"]


async def test_a_place_that_another_process_has_emptied_is_filled_after_that(
    first: Relay, second: Relay, killed: SilentBus, bus: MemoryBus
) -> None:
    bucket, note = Note(id=new_id("bucket")), Note(id=new_id("note"))
    place = Note(id=f"{bucket.id}:{note.id}")
    for relay in (first, second):  # both know the bucket and the note
        await relay.write(Put(NOTES, bucket, expects=None), Put(NOTES, note, expects=None), messages=[message("there")])
    await first.write(Put(PLACES, place), messages=[message("added")])
    killed.is_killed = True
    await first.write(Delete(PLACES, ANA, place.id), messages=[message("removed")])
    here = [Require(NOTES, ANA, bucket.id), Require(NOTES, ANA, note.id)]
    await second.write(Put(PLACES, place), *here, messages=[message("added-again")])
    assert (await published(bus))[-3:] == ["added", "removed", "added-again"]


async def test_when_the_store_is_away_the_sweep_keeps_the_order(
    first: Relay, second: Relay, store: SharedStore, killed: SilentBus, bus: MemoryBus
) -> None:
    killed.is_killed = True
    note = await save(first, Note(id=new_id("note")), "one")
    store.is_away = True
    await save(second, note, "two")
    await published(bus)
    await save(second, note, "three")
    assert await published(bus) == []
    await second.sweep()
    assert await published(bus) == ["one", "two", "three"]


async def test_what_has_waited_for_very_long_is_left_to_the_sweep_which_searches_for_it(
    store: SharedStore, killed: SilentBus, first: Relay, bus: MemoryBus
) -> None:
    killed.is_killed = True
    note = await save(first, Note(id=new_id("note")), "one")
    later = Relay(store, bus, sweep=3600, mark=3600, clock=lambda: datetime.now(UTC) + timedelta(minutes=5))
    await save(later, note, "held-back")  # it sweeps first, as every process does that starts
    await later.sweep()
    await save(first, note, "unsent")
    await save(later, note, "next")
    assert await published(bus) == ["one", "held-back", "next"]
    await later.stop()


NOTE, BUCKET = new_id("blob"), new_id("bucket")
PLACE = f"{BUCKET}:{NOTE}"


@pytest.mark.parametrize(
    ("steps", "is_covered"),
    [
        ([Put(NOTES, Note(id=NOTE))], True),
        ([Put(NOTES, Note(id=NOTE)), Put(PLACES, Note(id=PLACE))], True),
        ([Put(NOTES, Note(id=NOTE, revision=2), expects=1), Put(PLACES, Note(id=f"{NOTE}:1"))], False),
        ([Put(NOTES, Note(id=NOTE)), Require(NOTES, ANA, BUCKET)], False),
        ([Put(NOTES, Note(id=NOTE)), Require(NOTES, ANA, "known")], True),
        ([Put(NOTES, Note(id=NOTE)), Require(NOTES, BO, "known")], False),
        ([Put(NOTES, Note(id=NOTE)), Require(PLACES, ANA, "known")], False),
        ([Put(NOTES, Note(id="known", revision=4), expects=3)], True),
        ([Put(NOTES, Note(id="known", revision=5), expects=4)], False),
        ([Put(NOTES, Note(id="known", revision=3), expects=2)], False),
        ([Put(NOTES, Note(id="known", revision=4), expects=None)], False),
        ([Put(PLACES, Note(id=PLACE)), Put(NOTES, Note(id=new_id("act")))], False),
        ([Put(PLACES, Note(id="a key: of a client"))], True),
        ([Delete(NOTES, ANA, "known")], True),
        ([Delete(NOTES, ANA, "deleted")], False),
        ([Increment(ANA, "blobs", 1)], True),
        ([], True),
    ],
)
def test_a_write_rests_on_what_it_replaces_deletes_and_requires(steps: Sequence[Step], is_covered: bool) -> None:
    records = KnownRecords()
    records.add([Put(NOTES, Note(id="known", revision=3), expects=None), Delete(NOTES, ANA, "deleted")])
    assert records.cover(steps) is is_covered


def test_the_longest_unused_records_are_forgotten() -> None:
    records = KnownRecords(max_recent=10)
    for number in range(25):
        records.add([Put(NOTES, Note(id=f"note{number}"))])
    covered = [records.cover([Delete(NOTES, ANA, f"note{number}")]) for number in range(25)]
    assert covered == [False] * 11 + [True] * 14
