"""The upgrade of a major: registered with it or set later, tried on stored blobs, and shown."""

from typing import Any, Final

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Forbidden, Invalid, NotFound
from reyna.domain.event import DECODER
from reyna.domain.schema import NewSchema, Schema, Upgrade
from reyna.services.schemas.dry_run.reports import ToCheck, Upgraded
from reyna.services.schemas.dry_run.stored_content import MAX_CHECKED_BLOBS
from reyna.services.schemas.service import Schemas
from tests.services.schemas.compatibility.known_cases import CLOSED
from tests.services.schemas.conftest import schemas_with
from tests.services.schemas.dry_run.test_dry_run import StoredBlobs
from tests.support.times import FAR_FUTURE

RENAMED: Final = {"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": False}
RENAME: Final = msgspec.convert({"steps": [{"do": "rename", "path": "/a", "to": "b"}]}, Upgrade)
REMOVE: Final = msgspec.convert({"patch": [{"op": "remove", "path": "/a"}]}, Upgrade)


def recipe(json_schema: Any, upgrade: Upgrade | None = None, **more: Any) -> NewSchema:
    return NewSchema(name="recipe", json_schema=json_schema, upgrade=upgrade, **more)


async def two_majors(schemas: Schemas, caller: Caller) -> Schema:
    await schemas.versions.register(caller, recipe(CLOSED))
    return await schemas.versions.register(caller, recipe(RENAMED, RENAME))


async def test_a_new_major_brings_its_upgrade(schemas: Schemas, ana: Caller) -> None:
    second = await two_majors(schemas, ana)
    assert (second.id, second.upgrade) == ("recipe-v2", RENAME)
    assert (await schemas.versions.get(ana, "recipe-v2")).upgrade == RENAME
    assert (await schemas.versions.get(ana, "recipe-v1")).upgrade is None


async def test_later_versions_of_a_major_keep_its_upgrade(schemas: Schemas, ana: Caller) -> None:
    await two_majors(schemas, ana)
    for given in (None, RENAME):
        words = RENAMED | {"title": f"with {given}"}
        assert (await schemas.versions.register(ana, recipe(words, given))).upgrade == RENAME
    assert (await schemas.versions.get(ana, "recipe-v2")).version == "2.0.2"


async def test_an_upgrade_can_be_mended_later(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    await two_majors(schemas, ana)
    before = len(await store.list_unsent(before=FAR_FUTURE, limit=1_000))
    assert (await schemas.upgrades.change(ana, "recipe-v2", REMOVE)).upgrade == REMOVE
    assert (await schemas.versions.get(ana, "recipe-v2")).upgrade == REMOVE
    assert (await schemas.versions.get(ana, "recipe-v2", "2.0.0")).upgrade == RENAME
    [message] = (await store.list_unsent(before=FAR_FUTURE, limit=1_000))[before:]
    event = DECODER.decode(message.body)
    assert (event.type, event.data["schema_id"]) == ("schema.updated", "recipe-v2")
    assert (
        await schemas.versions.register(ana, recipe(RENAMED, RENAME))
    ).upgrade == RENAME  # the same schema once more


async def test_an_upgrade_meant_for_another_major_does_not_replace_one(schemas: Schemas, ana: Caller) -> None:
    await two_majors(schemas, ana)
    with pytest.raises(Invalid, match="only version") as refusal:
        await schemas.versions.register(ana, recipe(RENAMED | {"title": "Words"}, REMOVE))
    assert refusal.value.errors[0].path == "/upgrade"
    assert (await schemas.versions.get(ana, "recipe-v2")).version == "2.0.0"


async def test_the_first_major_has_nothing_to_upgrade_from(schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(Invalid, match="first major"):
        await schemas.versions.register(ana, recipe(CLOSED, RENAME))
    with pytest.raises(NotFound):
        await schemas.versions.get(ana, "recipe-v1")
    await schemas.versions.register(ana, recipe(CLOSED))
    with pytest.raises(Invalid, match="first major"):
        await schemas.versions.register(ana, recipe(CLOSED | {"title": "Recipe"}, RENAME))
    for try_again in (
        schemas.upgrades.change(ana, "recipe-v1", RENAME),
        schemas.versions.register(ana, recipe(CLOSED, RENAME)),
    ):
        with pytest.raises(Invalid, match="first major"):
            await try_again
    with pytest.raises(Invalid, match="first major"):
        await schemas.compatibility.check(ana, ToCheck(name="cake", json_schema=CLOSED, upgrade=RENAME))


async def test_metadata_of_buckets_is_not_upgraded(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, recipe(CLOSED, kind="bucket"))
    with pytest.raises(Invalid, match="buckets"):
        await schemas.versions.register(ana, recipe(RENAMED, RENAME, kind="bucket"))
    with pytest.raises(Invalid, match="buckets"):
        await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=RENAMED, upgrade=RENAME))
    await schemas.versions.register(ana, recipe(RENAMED, kind="bucket"))
    with pytest.raises(Invalid, match="buckets"):
        await schemas.upgrades.change(ana, "recipe-v2", RENAME)


async def test_a_malformed_upgrade_is_refused_with_its_place(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, recipe(CLOSED))
    wrong = msgspec.convert({"patch": [{"op": "remove", "path": "a"}]}, Upgrade)
    for ask in (
        schemas.versions.register(ana, recipe(RENAMED, wrong)),
        schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=RENAMED, upgrade=wrong)),
    ):
        with pytest.raises(Invalid) as refusal:
            await ask
        assert refusal.value.errors[0].path == "/upgrade/patch/0/path"


async def test_the_upgrade_of_what_is_not_yours_stays(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await two_majors(schemas, ana)
    with pytest.raises(NotFound):
        await schemas.upgrades.change(bo, "recipe-v2", REMOVE)
    await two_majors(schemas, system_caller())
    with pytest.raises(Forbidden):
        await schemas.upgrades.change(bo, "recipe-v2", REMOVE)
    assert (await schemas.upgrades.change(system_caller(), "recipe-v2", REMOVE)).scope == "system"


# --- tried on what is stored ---


async def try_upgrade(schemas: Schemas, caller: Caller, upgrade: Upgrade, json_schema: Any = RENAMED) -> Upgraded:
    found = await schemas.compatibility.check(caller, ToCheck(name="recipe", json_schema=json_schema, upgrade=upgrade))
    assert found.upgraded is not None
    return found.upgraded


async def test_a_check_tries_the_upgrade_on_every_stored_blob(ana: Caller, bo: Caller) -> None:
    schemas = await schemas_with(StoredBlobs(ana.user_id, [{"a": "x"}] * 70 + [{"a": 3}] * 2 + [{"b": "y", "a": "z"}]))
    for caller in (ana, bo):
        await schemas.versions.register(caller, recipe(CLOSED))
    found = await try_upgrade(schemas, ana, RENAME)
    assert (found.schema_id, found.checked, found.failing, found.sampled) == ("recipe-v1", 73, 3, False)
    wrong, *_, stuck = found.examples
    assert (wrong.blob_id, wrong.before, wrong.after) == ("blob-70", {"a": 3}, {"b": 3})
    assert wrong.errors[0].path == "/b"
    assert (stuck.before, stuck.after) == ({"b": "y", "a": "z"}, msgspec.UNSET)
    assert stuck.errors[0].path == "/upgrade/steps/0"
    assert (await try_upgrade(schemas, bo, RENAME)).checked == 0


async def test_an_upgrade_that_mends_everything_leaves_nothing_failing(ana: Caller) -> None:
    schemas = await schemas_with(StoredBlobs(ana.user_id, [{"a": "x"}, {"a": "y"}]))
    await schemas.versions.register(ana, recipe(CLOSED))
    found = await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=RENAMED, upgrade=REMOVE))
    assert found.stored is not None
    assert found.upgraded is not None
    assert (found.stored.failing, found.upgraded.checked, found.upgraded.failing) == (2, 2, 0)
    assert (await schemas.versions.list_versions(ana, "recipe-v1")).items[0].upgrade is None


async def test_of_very_many_blobs_the_newest_are_upgraded_and_it_says_so(ana: Caller) -> None:
    schemas = await schemas_with(StoredBlobs(ana.user_id, [{"a": "x" * 5_000, "b": "y"}] * (MAX_CHECKED_BLOBS + 1)))
    await schemas.versions.register(ana, recipe(CLOSED))
    found = await try_upgrade(schemas, ana, RENAME)
    assert found.sampled
    assert found.checked == found.failing <= MAX_CHECKED_BLOBS
    assert found.examples[0].before is msgspec.UNSET  # too large to be shown


async def test_a_mended_upgrade_of_a_major_is_tried_on_the_major_before(ana: Caller) -> None:
    schemas = await schemas_with(StoredBlobs(ana.user_id, [{"a": "x"}]))
    await two_majors(schemas, ana)
    found = await try_upgrade(schemas, ana, REMOVE, RENAMED)
    assert (found.schema_id, found.checked, found.failing) == ("recipe-v1", 1, 0)
    with pytest.raises(Invalid, match="is not the one"):  # as the registration would be
        await try_upgrade(schemas, ana, REMOVE, RENAMED | {"title": "Only words"})
