"""Whatever is placed, moved, trashed, restored, undone and done again, by wild clocks: it stands as in a plain list."""

import asyncio
import random
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.blob import NewBlob
from reyna.domain.bucket import NewBucket
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.ports.store import Store
from reyna.services.schemas.service import Schemas
from reyna.services.state.content.schema_cache import SchemaVerbs
from reyna.services.state.records import COLLECTIONS, PLACEMENTS
from reyna.services.state.service import State
from tests.services.state.structure.test_item_order import HOUR, NOON, Wall
from tests.services.state.test_random_operations import AnythingFits

ANA: Final = Caller(user_id="user-ana")
Told = tuple[int, int, int, int]  # what is done, with which, behind which, and by how many hours the clock is wrong
TOLD: Final = st.tuples(st.integers(0, 6), st.integers(0, 12), st.integers(0, 12), st.integers(-3, 3))
Standing = tuple[tuple[str, ...], frozenset[str]]  # all that has a place, in order, and what of it is in the trash


class Desk:
    """One bucket, and beside it the list that says how it should stand."""

    def __init__(self, store: Store, schemas: SchemaVerbs) -> None:
        self.store, self.schemas = store, schemas
        self.state = State(store, schemas, clock=Wall())
        self.bucket = ""
        self.made: list[str] = []
        self.now: Standing = (), frozenset()
        self.past: list[Standing] = []
        self.future: list[Standing] = []

    async def begin(self) -> None:
        self.bucket = (await self.state.buckets.create(ANA, NewBucket(name="book", type="book"))).id

    async def do(self, told: Told) -> None:
        what, which, behind, hours = told
        if hours:  # another host, or the same one started again
            self.state = State(self.store, self.schemas, clock=Wall(NOON + hours * HOUR))
        order, trashed = self.now
        live = [id for id in order if id not in trashed]
        match what:
            case 0:
                await self._note()
                await self._place(self.made[-1], order[-1] if order else None, last=True)
            case 1:
                await self._note()
                await self._place(self.made[-1], _one_of([None, *order], behind))
            case 2 if live:
                await self._place(_one_of(live, which) or "", _one_of([None, *order], behind))
            case 3 if live:
                id = _one_of(live, which) or ""
                await self.state.trash.trash_blob(ANA, id)
                self._becomes((order, trashed | {id}))
            case 4 if trashed:
                id = _one_of(sorted(trashed), which) or ""
                await self.state.trash.restore_blob(ANA, id)
                self._becomes((order, trashed - {id}))
            case 5:
                await self._turn()
            case 6:
                await self._turn_again()

    async def check(self) -> None:
        order, trashed = self.now
        items = (await self.state.placements.list_items(ANA, self.bucket, limit=200)).items
        assert [item.blob.id for item in items if item.blob] == [id for id in order if id not in trashed]
        listed = (await self.state.blobs.list(ANA, limit=200)).items
        assert [blob.id for blob in listed] == [id for id in reversed(self.made) if id not in trashed]
        ranks = [place.rank for place in await self.store.find(PLACEMENTS, ANA.user_id)]
        assert len(ranks) == len(set(ranks))

    async def _note(self) -> None:
        new = NewBlob(schema_id="text-input-v1", data={"content": str(len(self.made))})
        self.made.append((await self.state.blobs.create(ANA, new)).id)

    async def _place(self, id: str, behind: str | None, *, last: bool = False) -> None:
        order, trashed = self.now
        if last:
            await self.state.placements.place(ANA, self.bucket, id)
        else:
            await self.state.placements.place(ANA, self.bucket, id, after=behind)
        if behind == id:
            return
        others = [one for one in order if one != id]
        at = others.index(behind) + 1 if behind else 0
        self._becomes(((*others[:at], id, *others[at:]), trashed))

    async def _turn(self) -> None:
        if not self.past:
            return
        await self.state.journal.undo(ANA)
        self.future.append(self.now)
        self.now = self.past.pop()

    async def _turn_again(self) -> None:
        if not self.future:
            with pytest.raises(Conflict):
                await self.state.journal.redo(ANA)
            return
        await self.state.journal.redo(ANA)
        self.past.append(self.now)
        self.now = self.future.pop()

    def _becomes(self, standing: Standing) -> None:
        self.past.append(self.now)
        self.now = standing
        self.future.clear()


def _one_of(ids: list[str | None] | list[str], number: int) -> str | None:
    return ids[number % len(ids)]


async def played(store: Store, schemas: SchemaVerbs, game: list[Told]) -> None:
    desk = Desk(store, schemas)
    await desk.begin()
    for told in game:
        await desk.do(told)
        await desk.check()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TOLD, max_size=30))
def test_it_stands_as_in_a_plain_list(game: list[Told]) -> None:
    asyncio.run(played(MemoryStore(COLLECTIONS), AnythingFits(), game))


@pytest.fixture(params=["postgres", "mongo"])
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


async def test_it_does_so_on_the_stores_that_people_use(store: Store, schemas: Schemas) -> None:
    chance = random.Random(16)
    weights = (4, 4, 6, 3, 3, 3, 2)
    game = [
        (chance.choices(range(7), weights)[0], chance.randrange(13), chance.randrange(13), chance.randrange(-3, 4))
        for _ in range(80)
    ]
    await played(store, schemas, game)
