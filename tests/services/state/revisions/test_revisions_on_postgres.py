"""Revisions, their names and upgrades on PostgreSQL, from two processes at once."""

import asyncio
from typing import Any

import msgspec

from reyna.adapters.postgres.store import PostgresStore
from reyna.domain.blob import BlobChange
from reyna.domain.caller import Caller
from reyna.domain.errors import StaleRevision
from reyna.domain.schema import NewSchema, Upgrade, UpgradeStep
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import BLOBS, COLLECTIONS
from reyna.services.state.service import State
from reyna.services.state.upgrades.upgrades import NewUpgrade
from tests.services.state.conftest import ContentBuilder
from tests.services.state.revisions.test_revisions import kept, listed, saved
from tests.services.state.sample_prose import chapter, drafts
from tests.services.state.upgrades.test_upgrades import letter, worked_off


async def test_two_devices_that_race_for_every_save_lose_nothing_and_leave_one_line(
    processes: list[State], pool: Any, ana: Caller
) -> None:
    note = await ContentBuilder(processes[0], ana).note(chapter(3_000))
    first = note.data["content"]

    async def write(device: int) -> tuple[dict[int, str], list[str]]:
        done, late, seen = dict[int, str](), list[str](), 1
        for number, text in enumerate(drafts(first, 40, seed=device)):
            data = {"content": f"{device}.{number} {text}"}
            try:
                blob = await processes[device].blobs.change(ana, note.id, BlobChange(data=data, base_revision=seen))
                done[blob.revision], seen = data["content"], blob.revision
            except StaleRevision as stale:
                late.append(data["content"])
                seen = stale.facts["current"].revision
        return done, late

    (mine, my_late), (theirs, their_late) = await asyncio.gather(write(0), write(1))
    assert not mine.keys() & theirs.keys()
    was = {1: first} | mine | theirs
    found = await listed(processes[0], ana, note.id, limit=9)
    assert {one.number: one.data["content"] for one in found if not one.conflict} == was
    assert sorted(one.data["content"] for one in found if one.conflict) == sorted(my_late + their_late)
    for number, text in was.items():
        assert (await processes[1].revisions.get(ana, note.id, number)).data == {"content": text}


async def test_two_hundred_revisions_are_small_in_the_database_too(
    processes: list[State], pool: Any, ana: Caller
) -> None:
    texts = [chapter(20_000), *drafts(chapter(20_000), 199)]
    note = await ContentBuilder(processes[0], ana).note(texts[0])
    note = await saved(processes[0], ana, note, *({"content": text} for text in texts[1:]))
    await processes[0].revisions.rename(ana, note.id, 7, "Before the storm")
    assert [one.data["content"] for one in reversed(await listed(processes[1], ana, note.id))] == texts
    (named,) = await listed(processes[1], ana, note.id, named=True)
    assert (named.number, named.name, named.data["content"]) == (7, "Before the storm", texts[6])
    stored = await kept(PostgresStore(pool, "state", COLLECTIONS), ana, note.id)
    assert sum(len(msgspec.json.encode(one)) for one in stored) < 200_000 < sum(map(len, texts)) / 15


async def test_two_processes_upgrade_everything_once_while_somebody_writes(
    processes: list[State], pool: Any, schemas: Schemas, ana: Caller
) -> None:
    await schemas.versions.register(ana, NewSchema(name="letter", json_schema={"type": "object", "required": ["text"]}))
    rename = Upgrade(steps=(UpgradeStep(do="rename", path="/text", to="body"),))
    new = NewSchema(name="letter", json_schema={"type": "object", "required": ["body"]}, upgrade=rename)
    await schemas.versions.register(ana, new)
    olds = [await letter(processes[0], ana, str(number)) for number in range(200)]
    task = await processes[0].upgrades.request(ana, NewUpgrade(from_="letter-v1", to="letter-v2"))

    async def write() -> int:
        saves = 0
        for old in olds[::7]:
            try:
                await processes[0].blobs.change(ana, old.id, BlobChange(data={"text": "new"}, base_revision=1))
                saves += 1
            except StaleRevision:  # it was upgraded before; what was typed is kept beside it
                pass
            await processes[1].upgrades.upgrade_blob(ana, old.id, 2)
        return saves

    here, there, saves = await asyncio.gather(
        worked_off(processes[0], ana, task), worked_off(processes[1], ana, task), write()
    )
    blobs = await PostgresStore(pool, "state", COLLECTIONS).find(BLOBS, ana.user_id, {"schema_id": "letter-v2"})
    assert {blob.id for blob in blobs} == {old.id for old in olds}
    assert sum(blob.revision for blob in blobs) == 2 * len(olds) + saves
    assert here == there and here.done <= len(olds)
