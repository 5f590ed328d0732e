"""An upgrade belongs to a major: it is registered with it or set later, tried on what is stored, and shown."""

from typing import Any, Final

import msgspec
import pytest

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import Caller, house
from reyna.domain.errors import Forbidden, Invalid, NotFound
from reyna.domain.event import DECODER
from reyna.domain.schema import NewSchema, Schema, Upgrade
from reyna.schemas.checking import ToCheck
from reyna.schemas.service import Schemas
from reyna.schemas.stored import MOST, Upgraded
from tests.moments import SOON
from tests.schemas.compatibility_cases import CLOSED
from tests.schemas.test_checking import Shelf

RENAMED: Final = {"type": "object", "properties": {"b": {"type": "string"}}, "additionalProperties": False}
RENAME: Final = msgspec.convert({"steps": [{"do": "rename", "path": "/a", "to": "b"}]}, Upgrade)
REMOVE: Final = msgspec.convert({"patch": [{"op": "remove", "path": "/a"}]}, Upgrade)


def recipe(json_schema: Any, upgrade: Upgrade | None = None, **more: Any) -> NewSchema:
    return NewSchema(name="recipe", json_schema=json_schema, upgrade=upgrade, **more)


async def two_majors(schemas: Schemas, caller: Caller) -> Schema:
    await schemas.register(caller, recipe(CLOSED))
    return await schemas.register(caller, recipe(RENAMED, RENAME))


async def test_a_new_major_brings_its_upgrade(schemas: Schemas, ana: Caller) -> None:
    second = await two_majors(schemas, ana)
    assert (second.id, second.upgrade) == ("recipe-v2", RENAME)
    assert (await schemas.schema(ana, "recipe-v2")).upgrade == RENAME
    assert (await schemas.schema(ana, "recipe-v1")).upgrade is None


async def test_later_versions_of_a_major_keep_its_upgrade(schemas: Schemas, ana: Caller) -> None:
    await two_majors(schemas, ana)
    for given in (None, RENAME):
        words = RENAMED | {"title": f"with {given}"}
        assert (await schemas.register(ana, recipe(words, given))).upgrade == RENAME
    assert (await schemas.schema(ana, "recipe-v2")).version == "2.0.2"


async def test_an_upgrade_can_be_mended_later(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    await two_majors(schemas, ana)
    before = len(await store.unsent(before=SOON, limit=1_000))
    assert (await schemas.change_upgrade(ana, "recipe-v2", REMOVE)).upgrade == REMOVE
    assert (await schemas.schema(ana, "recipe-v2")).upgrade == REMOVE
    assert (await schemas.schema(ana, "recipe-v2", "2.0.0")).upgrade == RENAME
    [message] = (await store.unsent(before=SOON, limit=1_000))[before:]
    event = DECODER.decode(message.body)
    assert (event.type, event.data["schema_id"]) == ("schema.updated", "recipe-v2")
    assert (await schemas.register(ana, recipe(RENAMED, RENAME))).upgrade == RENAME  # the same schema once more


async def test_an_upgrade_meant_for_another_major_does_not_replace_one(schemas: Schemas, ana: Caller) -> None:
    await two_majors(schemas, ana)
    with pytest.raises(Invalid, match="only version") as refusal:
        await schemas.register(ana, recipe(RENAMED | {"title": "Words"}, REMOVE))
    assert refusal.value.errors[0].path == "/upgrade"
    assert (await schemas.schema(ana, "recipe-v2")).version == "2.0.0"


async def test_the_first_major_has_nothing_to_upgrade_from(schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(Invalid, match="first major"):
        await schemas.register(ana, recipe(CLOSED, RENAME))
    with pytest.raises(NotFound):
        await schemas.schema(ana, "recipe-v1")
    await schemas.register(ana, recipe(CLOSED))
    with pytest.raises(Invalid, match="first major"):
        await schemas.register(ana, recipe(CLOSED | {"title": "Recipe"}, RENAME))
    for try_again in (schemas.change_upgrade(ana, "recipe-v1", RENAME), schemas.register(ana, recipe(CLOSED, RENAME))):
        with pytest.raises(Invalid, match="first major"):
            await try_again
    with pytest.raises(Invalid, match="first major"):
        await schemas.check(ana, ToCheck(name="cake", json_schema=CLOSED, upgrade=RENAME))


async def test_metadata_of_buckets_is_not_upgraded(schemas: Schemas, ana: Caller) -> None:
    await schemas.register(ana, recipe(CLOSED, kind="bucket"))
    with pytest.raises(Invalid, match="buckets"):
        await schemas.register(ana, recipe(RENAMED, RENAME, kind="bucket"))
    with pytest.raises(Invalid, match="buckets"):
        await schemas.check(ana, ToCheck(name="recipe", json_schema=RENAMED, upgrade=RENAME))
    await schemas.register(ana, recipe(RENAMED, kind="bucket"))
    with pytest.raises(Invalid, match="buckets"):
        await schemas.change_upgrade(ana, "recipe-v2", RENAME)


async def test_a_malformed_upgrade_is_refused_with_its_place(schemas: Schemas, ana: Caller) -> None:
    await schemas.register(ana, recipe(CLOSED))
    wrong = msgspec.convert({"patch": [{"op": "remove", "path": "a"}]}, Upgrade)
    for ask in (
        schemas.register(ana, recipe(RENAMED, wrong)),
        schemas.check(ana, ToCheck(name="recipe", json_schema=RENAMED, upgrade=wrong)),
    ):
        with pytest.raises(Invalid) as refusal:
            await ask
        assert refusal.value.errors[0].path == "/upgrade/patch/0/path"


async def test_the_upgrade_of_what_is_not_yours_stays(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await two_majors(schemas, ana)
    with pytest.raises(NotFound):
        await schemas.change_upgrade(bo, "recipe-v2", REMOVE)
    await two_majors(schemas, house())
    with pytest.raises(Forbidden):
        await schemas.change_upgrade(bo, "recipe-v2", REMOVE)
    assert (await schemas.change_upgrade(house(), "recipe-v2", REMOVE)).scope == "system"


# --- tried on what is stored ---


async def tried(schemas: Schemas, caller: Caller, upgrade: Upgrade, json_schema: Any = RENAMED) -> Upgraded:
    found = await schemas.check(caller, ToCheck(name="recipe", json_schema=json_schema, upgrade=upgrade))
    assert found.upgraded is not None
    return found.upgraded


async def test_a_check_tries_the_upgrade_on_every_stored_blob(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    schemas.content = Shelf(ana.user_id, [{"a": "x"}] * 70 + [{"a": 3}] * 2 + [{"b": "y", "a": "z"}])
    for caller in (ana, bo):
        await schemas.register(caller, recipe(CLOSED))
    found = await tried(schemas, ana, RENAME)
    assert (found.schema_id, found.checked, found.failing, found.sampled) == ("recipe-v1", 73, 3, False)
    wrong, *_, stuck = found.examples
    assert (wrong.blob_id, wrong.before, wrong.after) == ("blob-70", {"a": 3}, {"b": 3})
    assert wrong.errors[0].path == "/b"
    assert (stuck.before, stuck.after) == ({"b": "y", "a": "z"}, msgspec.UNSET)
    assert stuck.errors[0].path == "/upgrade/steps/0"
    assert (await tried(schemas, bo, RENAME)).checked == 0


async def test_an_upgrade_that_mends_everything_leaves_nothing_failing(schemas: Schemas, ana: Caller) -> None:
    schemas.content = Shelf(ana.user_id, [{"a": "x"}, {"a": "y"}])
    await schemas.register(ana, recipe(CLOSED))
    found = await schemas.check(ana, ToCheck(name="recipe", json_schema=RENAMED, upgrade=REMOVE))
    assert found.stored is not None
    assert found.upgraded is not None
    assert (found.stored.failing, found.upgraded.checked, found.upgraded.failing) == (2, 2, 0)
    assert (await schemas.versions(ana, "recipe-v1")).items[0].upgrade is None


async def test_of_very_many_blobs_the_newest_are_upgraded_and_it_says_so(schemas: Schemas, ana: Caller) -> None:
    schemas.content = Shelf(ana.user_id, [{"a": "x" * 5_000, "b": "y"}] * (MOST + 1))
    await schemas.register(ana, recipe(CLOSED))
    found = await tried(schemas, ana, RENAME)
    assert found.sampled
    assert found.checked == found.failing <= MOST
    assert found.examples[0].before is msgspec.UNSET  # too large to be shown


async def test_a_mended_upgrade_of_a_major_is_tried_on_the_major_before(schemas: Schemas, ana: Caller) -> None:
    schemas.content = Shelf(ana.user_id, [{"a": "x"}])
    await two_majors(schemas, ana)
    found = await tried(schemas, ana, REMOVE, RENAMED | {"title": "Only words"})
    assert (found.schema_id, found.checked, found.failing) == ("recipe-v1", 1, 0)
