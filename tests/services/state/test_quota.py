"""How much a user may keep: counted exactly, refused in words, and told."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import TooMuch
from reyna.domain.event import DECODER, Event
from reyna.ports.store import Put, Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.quota import Quota
from reyna.services.state.records import BLOBS, BUCKETS, COLLECTIONS
from reyna.services.state.service import State
from reyna.storage.quota_limits import EVENT_INTERVAL_SECONDS, QuotaLimits
from tests.services.state.conftest import ContentBuilder

TOMORROW = datetime.now(UTC) + timedelta(days=1)
EMPTY = {"blobs": 0, "bytes": 0, "buckets": 0}


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.fixture
def narrow(store: Store, schemas: Schemas) -> State:
    """A state service that lets everyone keep three blobs, 120 bytes and two buckets."""
    return State(store, schemas, allowed={"blobs": 3, "bytes": 120, "buckets": 2})


async def used(state: State, caller: Caller) -> dict[str, int]:
    return (await state.quota.usage(caller)).used


async def told(store: Store, user_id: str) -> list[Event]:
    """The events of this user that say that something was too much."""
    events = [DECODER.decode(message.body) for message in await store.list_unsent(before=TOMORROW, limit=1_000)]
    return [event for event in events if event.type == "quota.exceeded" and event.userid == user_id]


# --- counted ---


async def test_what_is_made_counts_and_so_does_what_is_in_the_trash(
    state: State, anas: ContentBuilder, bo: Caller
) -> None:
    assert await used(state, anas.caller) == EMPTY
    chapter = await anas.bucket()
    note = await anas.note("The ship sailed.", chapter.id)
    expected = {"blobs": 1, "bytes": note.size, "buckets": 1}
    assert await used(state, anas.caller) == expected
    await state.trash.trash_bucket(anas.caller, chapter.id)
    assert await used(state, anas.caller) == expected
    await state.journal.undo(anas.caller)
    assert await used(state, anas.caller) == expected
    assert await used(state, bo) == EMPTY


async def test_of_a_blob_the_bytes_count_that_it_has_now(state: State, anas: ContentBuilder) -> None:
    note = await anas.note("long " * 50)
    change = BlobChange(data={"content": "short"}, base_revision=1)
    shorter = await state.blobs.change(anas.caller, note.id, change)
    assert await used(state, anas.caller) == {"blobs": 1, "bytes": shorter.size, "buckets": 0}
    await state.trash.restore_blob(anas.caller, note.id, revision=1)
    assert await used(state, anas.caller) == {"blobs": 1, "bytes": note.size, "buckets": 0}


async def test_a_request_that_is_repeated_counts_once(state: State, anas: ContentBuilder, ana: Caller) -> None:
    for _ in range(3):
        note = await state.blobs.create(ana, NewBlob(schema_id="text-input-v1", data={"content": "x"}), key="k")
        await state.buckets.create(ana, NewBucket(name="book", type="book"), key="b")
    assert await used(state, ana) == {"blobs": 1, "bytes": note.size, "buckets": 1}


async def test_a_copy_counts_as_what_it_is(state: State, anas: ContentBuilder) -> None:
    chapter = await anas.bucket()
    note = await anas.note("The ship sailed.", chapter.id)
    await state.copies.copy_bucket(anas.caller, chapter.id, deep=False)
    assert await used(state, anas.caller) == {"blobs": 1, "bytes": note.size, "buckets": 2}
    await state.copies.copy_bucket(anas.caller, chapter.id, deep=True)
    assert await used(state, anas.caller) == {"blobs": 2, "bytes": 2 * note.size, "buckets": 3}


# --- refused ---


async def test_over_the_quota_a_blob_is_refused_with_what_is_used_and_allowed(narrow: State, ana: Caller) -> None:
    made = ContentBuilder(narrow, ana)
    for _ in range(3):
        await made.note("x")
    with pytest.raises(TooMuch, match="3 of 3 blobs are used") as refused:
        await made.note("x")
    assert refused.value.status == 429
    assert refused.value.facts == {"what": "blobs", "used": 3, "allowed": 3}
    assert len((await narrow.blobs.list(ana)).items) == 3


async def test_over_the_quota_a_bucket_is_refused_and_another_user_is_not(
    narrow: State, ana: Caller, bo: Caller
) -> None:
    for name in ("one", "two"):
        await ContentBuilder(narrow, ana).bucket(name)
    with pytest.raises(TooMuch) as refused:
        await ContentBuilder(narrow, ana).bucket("three")
    assert refused.value.facts == {"what": "buckets", "used": 2, "allowed": 2}
    await ContentBuilder(narrow, bo).bucket("one")


async def test_a_change_that_grows_beyond_the_bytes_is_refused_and_one_that_shrinks_never_is(
    store: Store, narrow: State, schemas: Schemas, ana: Caller
) -> None:
    unbound = State(store, schemas)
    note = await ContentBuilder(unbound, ana).note("x" * 200)
    with pytest.raises(TooMuch) as refused:
        await narrow.blobs.change(ana, note.id, BlobChange(data={"content": "x" * 201}, base_revision=1))
    assert refused.value.facts == {"what": "bytes", "used": note.size, "allowed": 120}
    shrunk = await narrow.blobs.change(ana, note.id, BlobChange(data={"content": "x" * 190}, base_revision=1))
    assert shrunk.revision == 2
    with pytest.raises(TooMuch):
        await narrow.trash.restore_blob(ana, note.id, revision=1)


async def test_what_was_made_before_is_given_again_when_the_quota_is_full(narrow: State, ana: Caller) -> None:
    new = NewBlob(schema_id="text-input-v1", data={"content": "x"})
    made = await narrow.blobs.create(ana, new, key="k")
    for _ in range(2):
        await narrow.blobs.create(ana, new)
    assert (await narrow.blobs.create(ana, new, key="k")).id == made.id


async def test_a_deep_copy_over_the_quota_leaves_nothing_behind(narrow: State, ana: Caller) -> None:
    made = ContentBuilder(narrow, ana)
    chapter = await made.bucket()
    for _ in range(2):
        await made.note("x", chapter.id)
    before = await used(narrow, ana)
    with pytest.raises(TooMuch):
        await narrow.copies.copy_bucket(ana, chapter.id, deep=True)
    assert await used(narrow, ana) == before
    assert len((await narrow.buckets.list(ana)).items) == 1


# --- told ---


async def test_the_user_hears_of_it_once_a_minute_for_each_limit(store: Store, ana: Caller, bo: Caller) -> None:
    now = 1_000.0
    bounds = QuotaLimits(store, {"blobs": 0, "bytes": 0, "runs": None}, clock=lambda: now)
    held = bounds.wrap(store)

    async def hammer(caller: Caller, what: str) -> None:
        for _ in range(5):
            with pytest.raises(TooMuch):
                await held.write(bounds.increment(caller.user_id, what, 1))

    await hammer(ana, "blobs")
    (event,) = await told(store, ana.user_id)
    assert event.data == {"what": "blobs", "used": 0, "allowed": 0}
    await hammer(ana, "bytes")
    await hammer(bo, "blobs")
    assert [event.data["what"] for event in await told(store, ana.user_id)] == ["blobs", "bytes"]
    assert len(await told(store, bo.user_id)) == 1
    now += EVENT_INTERVAL_SECONDS
    await hammer(ana, "blobs")
    assert [event.data["what"] for event in await told(store, ana.user_id)] == ["blobs", "bytes", "blobs"]


async def test_what_is_counted_by_day_begins_anew_each_day(store: Store, ana: Caller) -> None:
    bounds = QuotaLimits(store, {"runs": 1})
    held = bounds.wrap(store)
    await held.write(bounds.increment(ana.user_id, "runs", 1, day="2026-03-01"))
    with pytest.raises(TooMuch, match="1 of 1 runs are used today") as refused:
        await held.write(bounds.increment(ana.user_id, "runs", 1, day="2026-03-01"))
    assert refused.value.facts == {"what": "runs", "used": 1, "allowed": 1}
    await held.write(bounds.increment(ana.user_id, "runs", 1, day="2026-03-02"))


def test_a_write_counts_each_new_thing_among_its_steps_and_nothing_else() -> None:
    quota = Quota(MemoryStore(COLLECTIONS), {"bytes": 100})
    now = datetime.now(UTC)
    blob = Blob(
        id="blob-1", user_id="user-ana", processor_id="user-input", schema_id="text-input-v1", schema_version="1.0.0",
        data={}, size=7, created_by="user-ana", changed_by="user-ana", created_at=now, updated_at=now,
    )  # fmt: skip
    steps = quota.increments_of("user-ana", [Put(BLOBS, blob), Put(BLOBS, blob, expects=1)])
    assert [(add.sum, add.by, add.at_most) for add in steps] == [("blobs", 1, None), ("bytes", 7, 100)]
    assert quota.increments_of("user-ana", []) == []


# --- many at once ---


async def test_of_fifty_creates_in_two_processes_exactly_twenty_fit(
    postgres_store: Store, pool: asyncpg.Pool, schemas: Schemas, ana: Caller
) -> None:
    stores = [postgres_store, PostgresStore(pool, "state", COLLECTIONS)]
    copies = [ContentBuilder(State(store, schemas, allowed={"blobs": 20}), ana) for store in stores]
    answers = await asyncio.gather(
        *(copies[number % 2].note(f"note {number}") for number in range(50)), return_exceptions=True
    )
    made = [answer for answer in answers if isinstance(answer, Blob)]
    refused = [answer for answer in answers if isinstance(answer, TooMuch)]
    assert (len(made), len(refused)) == (20, 30)
    assert {str(refusal.facts) for refusal in refused} == {str({"what": "blobs", "used": 20, "allowed": 20})}
    assert await postgres_store.count(BLOBS, ana.user_id) == 20
    assert await postgres_store.sums(ana.user_id) == {"blobs": 20, "bytes": sum(blob.size for blob in made)}
    assert await postgres_store.count(BUCKETS, ana.user_id) == 0
