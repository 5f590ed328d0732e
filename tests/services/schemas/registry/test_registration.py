"""Registration and lookup of versions, and the isolation of users."""

import asyncio
from typing import Any

import msgspec
import pytest

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import AlreadyThere, Invalid, NotFound, Refusal, TooLarge
from reyna.domain.event import DECODER
from reyna.domain.requests.page import encode_cursor
from reyna.domain.schema import Schema
from reyna.services.schemas.service import Schemas
from reyna.validation.validator import compile_validator
from tests.services.schemas.conftest import a_schema
from tests.support.schemas import schema_uri
from tests.support.times import FAR_FUTURE

MOMENT = "2026-03-01T00:00:00Z"


async def test_the_first_version_of_a_name_is_1_0_0(schemas: Schemas, ana: Caller) -> None:
    schema = await schemas.versions.register(ana, a_schema())
    assert (schema.id, schema.version, schema.major, schema.scope) == ("recipe-v1", "1.0.0", 1, "user")
    assert schema.created_by == "user-ana"
    assert await schemas.versions.get(ana, "recipe-v1") == schema
    assert await schemas.versions.get(ana, "recipe-v1", "1.0.0") == schema


async def test_a_schema_may_begin_at_the_version_its_author_says(schemas: Schemas, ana: Caller) -> None:
    assert (await schemas.versions.register(ana, a_schema(version="0.3.0"))).id == "recipe-v0"


async def test_the_same_schema_again_is_answered_with_what_is_there(schemas: Schemas, ana: Caller) -> None:
    first = await schemas.versions.register(ana, a_schema({"type": "object", "minProperties": 1}))
    again = await schemas.versions.register(ana, a_schema({"minProperties": 1.0, "type": "object"}))
    assert again == first
    assert await schemas.versions.register(ana, a_schema(first.json_schema, version="1.0.0")) == first
    assert len((await schemas.versions.list_versions(ana, "recipe-v1")).items) == 1


async def test_what_refuses_what_fitted_gets_the_next_major(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema())
    changed = await schemas.versions.register(ana, a_schema({"type": "string"}))
    assert (changed.id, changed.version) == ("recipe-v2", "2.0.0")
    assert (await schemas.versions.get(ana, "recipe-v1")).version == "1.0.0"


async def test_a_larger_version_becomes_the_latest_of_its_id(schemas: Schemas, ana: Caller) -> None:
    first = await schemas.versions.register(ana, a_schema())
    second = await schemas.versions.register(ana, a_schema({"type": "object"}, version="1.10.0-rc.1"))
    third = await schemas.versions.register(ana, a_schema({"title": "Recipe"}, version="1.10.0"))
    assert await schemas.versions.get(ana, "recipe-v1") == third
    assert await schemas.versions.get(ana, "recipe-v1", "1.0.0") == first
    assert (await schemas.versions.list_versions(ana, "recipe-v1")).items == (third, second, first)


@pytest.mark.parametrize("version", ["1.1.9", "1.2.0-rc.1", "1.2.0+other", "0.9.0"])
async def test_a_version_that_is_not_larger_is_refused(schemas: Schemas, ana: Caller, version: str) -> None:
    await schemas.versions.register(ana, a_schema(version="1.2.0"))
    with pytest.raises(Invalid, match="larger"):
        await schemas.versions.register(ana, a_schema({"type": "string"}, version=version))


async def test_a_version_that_is_taken_is_refused(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(version="1.2.0"))
    with pytest.raises(AlreadyThere):
        await schemas.versions.register(ana, a_schema({"type": "string"}, version="1.2.0"))


async def test_an_older_major_can_still_be_mended(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema(version="1.0.0"))
    await schemas.versions.register(ana, a_schema({"type": "string"}, version="2.0.0"))
    mended = await schemas.versions.register(ana, a_schema({"type": "object", "title": "Recipe"}, version="1.1.0"))
    assert mended.id == "recipe-v1"


async def test_going_back_is_a_new_version_when_it_is_asked_for(schemas: Schemas, ana: Caller) -> None:
    first = await schemas.versions.register(ana, a_schema())
    await schemas.versions.register(ana, a_schema({"type": "object"}, version="1.1.0"))
    back = await schemas.versions.register(ana, a_schema(first.json_schema, version="1.2.0", compatibility="none"))
    assert back.fingerprint == first.fingerprint
    assert (await schemas.versions.get(ana, "recipe-v1")).version == "1.2.0"


async def test_the_mode_of_compatibility_is_kept_until_it_is_changed(schemas: Schemas, ana: Caller) -> None:
    first = await schemas.versions.register(ana, a_schema(compatibility="full"))
    second = await schemas.versions.register(ana, a_schema(first.json_schema | {"title": "Recipe"}, version="1.1.0"))
    third = await schemas.versions.register(ana, a_schema(True, version="1.2.0", compatibility="none"))
    assert [first.compatibility, second.compatibility, third.compatibility] == ["full", "full", "none"]


@pytest.mark.parametrize("version", ["1", "v1.0.0", "1.0", "01.0.0", "latest"])
async def test_a_version_must_be_semantic(schemas: Schemas, ana: Caller, version: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await schemas.versions.register(ana, a_schema(version=version))
    assert refusal.value.errors[0].path == "/version"


@pytest.mark.parametrize("name", ["", "My Recipe", "recipe_", "-recipe", "rezept-ä", "a" * 65, "a" * 63, "a.b"])
async def test_a_name_must_be_a_slug_with_room_for_its_major(schemas: Schemas, ana: Caller, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await schemas.versions.register(ana, a_schema(name=name))
    assert refusal.value.errors[0].path == "/name"


@pytest.mark.parametrize(
    ("json_schema", "path"),
    [
        ({"properties": {"a": {"type": "strin"}}}, "/json_schema/properties/a/type"),
        ({"properties": []}, "/json_schema/properties"),
        ({"minLength": -1}, "/json_schema/minLength"),
        ({"allOf": []}, "/json_schema/allOf"),
        (
            {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMaximum": 3},
            "/json_schema/exclusiveMaximum",
        ),
        ({"$ref": 3}, "/json_schema/$ref"),
        ({"title": "a\0"}, "/json_schema/title"),
        ("string", "/json_schema"),
        (None, "/json_schema"),
        ([], "/json_schema"),
    ],
)
async def test_what_is_no_schema_is_refused_with_the_path(
    schemas: Schemas, ana: Caller, json_schema: Any, path: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await schemas.versions.register(ana, msgspec.structs.replace(a_schema(), json_schema=json_schema))
    assert path in {error.path for error in refusal.value.errors}
    with pytest.raises(NotFound):
        await schemas.versions.get(ana, "recipe-v1")


async def test_a_name_keeps_its_kind(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema())
    with pytest.raises(AlreadyThere, match="blob"):
        await schemas.versions.register(ana, a_schema(True, kind="bucket"))


async def test_a_registration_is_announced_in_the_same_write(store: MemoryStore, schemas: Schemas, ana: Caller) -> None:
    before = len(await store.list_unsent(before=FAR_FUTURE, limit=1_000))
    await schemas.versions.register(ana, a_schema())
    await schemas.versions.register(ana, a_schema())
    [message] = (await store.list_unsent(before=FAR_FUTURE, limit=1_000))[before:]
    event = DECODER.decode(message.body)
    assert message.subject == "reyna.event.user-ana.schema.registered"
    assert event.data == {"schema_id": "recipe-v1", "version": "1.0.0", "kind": "blob"}


async def test_of_two_who_register_at_once_exactly_one_wins(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema())
    new = [a_schema({"title": str(number)}, version="1.1.0") for number in range(8)]
    answers = await asyncio.gather(*(schemas.versions.register(ana, each) for each in new), return_exceptions=True)
    winners = [answer for answer in answers if isinstance(answer, Schema)]
    assert len(winners) == 1
    assert all(isinstance(answer, Schema | AlreadyThere) for answer in answers)
    assert await schemas.versions.get(ana, "recipe-v1", "1.1.0") == winners[0]


async def test_the_same_schema_registered_by_many_at_once_is_one_version(schemas: Schemas, ana: Caller) -> None:
    answers = await asyncio.gather(*(schemas.versions.register(ana, a_schema()) for _ in range(8)))
    assert len({answer.created_at for answer in answers}) == 1


async def test_a_user_sees_the_systems_schemas_and_their_own(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await schemas.versions.register(ana, a_schema())
    assert "recipe-v1" in {schema.id for schema in (await schemas.versions.list(ana)).items}
    assert "recipe-v1" not in {schema.id for schema in (await schemas.versions.list(bo)).items}
    assert "text-input-v1" in {schema.id for schema in (await schemas.versions.list(bo)).items}
    for ask in (schemas.versions.get, schemas.versions.list_versions):
        with pytest.raises(NotFound):
            await ask(bo, "recipe-v1")
    with pytest.raises(NotFound):
        await schemas.validation.validate(bo, "recipe-v1", {})
    with pytest.raises(NotFound):
        await schemas.versions.get(system_caller(), "recipe-v1")


async def test_two_users_may_use_the_same_name(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await schemas.versions.register(ana, a_schema({"type": "string"}))
    await schemas.versions.register(bo, a_schema({"type": "integer"}))
    assert (await schemas.validation.validate(ana, "recipe-v1", "soup")).valid
    assert not (await schemas.validation.validate(bo, "recipe-v1", "soup")).valid


async def test_a_user_cannot_take_a_name_of_the_system(schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(AlreadyThere, match="system"):
        await schemas.versions.register(ana, a_schema(name="text-input", version="7.0.0"))


async def test_a_name_that_the_system_takes_later_means_the_systems(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema({"type": "string"}))
    system = await schemas.versions.register(system_caller(), a_schema({"type": "integer"}))
    assert await schemas.versions.get(ana, "recipe-v1") == system
    assert [schema.scope for schema in (await schemas.versions.list(ana, name="recipe")).items] == ["system"]


async def test_the_list_is_paged_and_ordered_by_id(schemas: Schemas, ana: Caller) -> None:
    for name in ("aaa", "zzz", "mmm"):
        await schemas.versions.register(ana, a_schema(name=name))
    whole = (await schemas.versions.list(ana)).items
    pieces: list[Schema] = []
    cursor = None
    while True:
        page = await schemas.versions.list(ana, limit=4, cursor=cursor)
        pieces += page.items
        if (cursor := page.next_cursor) is None:
            break
    assert tuple(pieces) == whole
    assert [schema.id for schema in whole] == sorted(schema.id for schema in whole)


async def test_the_list_can_be_narrowed(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, a_schema({}, kind="bucket"))
    await schemas.versions.register(ana, a_schema({"minProperties": 1}, kind="bucket"))
    assert {schema.kind for schema in (await schemas.versions.list(ana, kind="bucket")).items} == {"bucket"}
    assert [schema.id for schema in (await schemas.versions.list(ana, name="recipe")).items] == [
        "recipe-v1",
        "recipe-v2",
    ]
    assert (await schemas.versions.list(ana, name="nothing")).items == ()


async def test_versions_are_paged_the_newest_first(schemas: Schemas, ana: Caller) -> None:
    compile_validator_off_loop = [
        await schemas.versions.register(ana, a_schema({"title": str(n)}, version=f"1.{n}.0")) for n in range(5)
    ]
    first = await schemas.versions.list_versions(ana, "recipe-v1", limit=3)
    rest = await schemas.versions.list_versions(ana, "recipe-v1", limit=3, cursor=first.next_cursor)
    assert (*first.items, *rest.items) == tuple(reversed(compile_validator_off_loop))
    assert rest.next_cursor is None


@pytest.mark.parametrize("place", [("a\0",), (1,), ("2026-03-01T00:00:00", "text-input-v1:1.0.0"), (MOMENT, "a\0")])
async def test_a_made_up_cursor_is_refused(schemas: Schemas, ana: Caller, place: tuple[Any, ...]) -> None:
    with pytest.raises(Invalid):
        await schemas.versions.list(ana, cursor=encode_cursor(*place))
    with pytest.raises(Invalid):
        await schemas.versions.list_versions(ana, "text-input-v1", cursor=encode_cursor(*place))


@pytest.mark.parametrize("id", ["nothing-v1", "", "a\0b", "text-input", "text-input-v2", "x" * 1_000, "../etc"])
async def test_what_is_not_there_is_not_found(schemas: Schemas, ana: Caller, id: str) -> None:
    with pytest.raises(NotFound):
        await schemas.versions.get(ana, id)


@pytest.mark.parametrize("version", ["9.9.9", "latest", "1.0.0\0", ""])
async def test_a_version_that_is_not_there_is_not_found(schemas: Schemas, ana: Caller, version: str) -> None:
    with pytest.raises(NotFound):
        await schemas.versions.get(ana, "text-input-v1", version)


async def test_a_verdict_names_the_version_and_the_places(schemas: Schemas, ana: Caller) -> None:
    verdict = await schemas.validation.validate(ana, "text-input-v1", {"content": 3, "stile": "x"})
    assert (verdict.valid, verdict.version) == (False, "1.0.0")
    assert {error.path for error in verdict.errors} == {"", "/content"}
    assert (await schemas.validation.validate(ana, "text-input-v1", {"content": ""}, "1.0.0")).valid


async def test_data_that_no_store_holds_fits_nothing(schemas: Schemas, ana: Caller) -> None:
    verdict = await schemas.validation.validate(ana, "text-input-v1", {"content": "a\0b"})
    assert [error.path for error in verdict.errors] == ["/content"]
    with pytest.raises(TooLarge):
        await schemas.validation.validate(ana, "book-v1", {"x": "y" * 5_000_000})


async def test_the_order_of_properties_is_kept(schemas: Schemas, ana: Caller) -> None:
    names = ["zest", "apple", "méringue", "b"]
    schema = await schemas.versions.register(ana, a_schema({"properties": {name: {} for name in names}}))
    assert list((await schemas.versions.get(ana, schema.id)).json_schema["properties"]) == names


async def test_a_schema_that_builds_on_others_carries_all_that_it_needs(schemas: Schemas, ana: Caller) -> None:
    text = schema_uri("text-input")
    dish = await schemas.versions.register(ana, a_schema({"properties": {"note": {"$ref": text}}}, name="dish"))
    menu = await schemas.versions.register(ana, a_schema({"items": {"$ref": schema_uri("dish")}}, name="menu"))
    assert set(dish.references) == {text}
    assert set(menu.references) == {text, schema_uri("dish")}
    assert menu.json_schema == {"items": {"$ref": schema_uri("dish")}}
    fit = compile_validator(msgspec.json.decode(msgspec.json.encode(menu), type=Schema))  # as another process would
    assert fit.fits([{"note": {"content": "salt"}}])
    assert [error.path for error in fit.errors([{"note": {"content": 3}}])] == ["/0/note/content"]


async def test_a_reference_reaches_no_other_users_schema(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    await schemas.versions.register(ana, a_schema(name="secret"))
    for caller in (bo, system_caller()):
        with pytest.raises(Invalid, match="not registered"):
            await schemas.versions.register(caller, a_schema({"$ref": schema_uri("secret")}))


async def test_the_same_words_about_different_schemas_are_different(schemas: Schemas, ana: Caller, bo: Caller) -> None:
    marks = []
    for caller, type in ((ana, "string"), (bo, "integer")):
        await schemas.versions.register(caller, a_schema({"type": type}, name="base"))
        marks.append((await schemas.versions.register(caller, a_schema({"$ref": schema_uri("base")}))).fingerprint)
    assert marks[0] != marks[1]
    assert (await schemas.validation.validate(ana, "recipe-v1", "soup")).valid
    assert not (await schemas.validation.validate(bo, "recipe-v1", "soup")).valid


@pytest.mark.parametrize(
    "ref",
    [
        schema_uri("nothing"),
        "reyna:/schemas/text-input-v1",
        "reyna:/schemas/text-input-v1/9.0.0",
        "http://127.0.0.1:9/x",
    ],
)
async def test_a_reference_to_what_is_not_registered_is_refused(schemas: Schemas, ana: Caller, ref: str) -> None:
    with pytest.raises(Refusal) as refusal:
        await schemas.versions.register(ana, a_schema({"properties": {"a": {"$ref": ref}}}))
    assert refusal.value.errors[0].path == "/json_schema/properties/a/$ref"
