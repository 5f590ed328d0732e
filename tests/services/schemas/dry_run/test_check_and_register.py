"""A check predicts the registration after it, whatever was registered before."""

import random
from typing import Any, Final

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Refusal
from reyna.domain.schema import NewSchema, Schema, Upgrade, UpgradeStep
from reyna.services.schemas.dry_run.reports import Checked, ToCheck
from reyna.services.schemas.service import Schemas
from tests.services.schemas.conftest import Client

A: Final = {"type": "object", "properties": {"dish": {"type": "string"}}}
B: Final = A | {"required": ["dish"]}
WIDER: Final = {"type": "object", "properties": {"dish": {}}}
CHOICES: Final[dict[str, list[Any]]] = {
    "name": ["recipe", "recipe", "recipe", "text-input"],
    "json_schema": [A, B, WIDER, {"type": "strin"}],
    "version": [None, None, None, "1.0.0", "1.1.0", "2.0.0", "3.1.0"],
    "kind": ["blob", "blob", "blob", "blob", "bucket"],
    "compatibility": [None, None, "none", "full", "backward_transitive"],
    "upgrade": [None, None, None, Upgrade(steps=(UpgradeStep(do="remove", path="/old"),))],
    "description": ["", "", "What is cooked"],
}


async def check_or_refusal(schemas: Schemas, caller: Caller, **asked: Any) -> Checked | Refusal:
    try:
        return await schemas.compatibility.check(caller, ToCheck(**asked))
    except Refusal as refusal:
        return refusal


async def register_or_refusal(schemas: Schemas, caller: Caller, **asked: Any) -> tuple[int, Schema] | Refusal:
    """The status and the schema that a POST answers with."""
    try:
        done = await schemas.versions.ensure_registered(caller, NewSchema(**asked))
    except Refusal as refusal:
        return refusal
    return (201 if done.created else 200), done.schema


@pytest.mark.parametrize("seed", range(8))
async def test_a_check_predicts_the_registration(schemas: Schemas, ana: Caller, seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(8):
        asked = {field: choose.choice(values) for field, values in CHOICES.items()}
        latest = await _latest(schemas, ana, asked["name"])
        said, done = await check_or_refusal(schemas, ana, **asked), await register_or_refusal(schemas, ana, **asked)
        if isinstance(said, Refusal) or isinstance(done, Refusal):
            assert isinstance(said, Refusal)
            assert isinstance(done, Refusal)
            assert said.problem() == done.problem()
            continue
        status, schema = done
        assert (said.status, said.next_version, said.next_id) == (status, schema.version, schema.id)
        assert (said.bump == "none") == (status == 200)
        now = await schemas.versions.get(ana, schema.id)
        assert said.compatibility == now.compatibility
        if status == 201:
            assert now == schema
            assert latest != schema
        for term in ("compatibility", "upgrade", "description"):
            assert asked[term] in (None, "", getattr(now, term))


async def _latest(schemas: Schemas, caller: Caller, name: str) -> Schema | None:
    found = (await schemas.versions.list(caller, name=name)).items
    return max(found, key=lambda schema: schema.major, default=None)


async def test_going_back_to_what_was_there_makes_it_the_latest_again(schemas: Schemas, ana: Caller) -> None:
    first = await schemas.versions.register(ana, NewSchema(name="recipe", json_schema=A))
    await schemas.versions.register(ana, NewSchema(name="recipe", json_schema=B))
    said = await schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema=A))
    back = await schemas.versions.register(ana, NewSchema(name="recipe", json_schema=A))
    assert (said.status, said.next_version) == (201, back.version)
    assert back.version != first.version
    assert await _latest(schemas, ana, "recipe") == back
    assert (await schemas.versions.get(ana, "recipe-v1", "1.0.0")) == first


async def test_over_rest_a_version_is_created_once(client: Client) -> None:
    asked = {"name": "recipe", "json_schema": A}
    answers = [await client.post("/schemas", json=asked) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json() == answers[1].json()
    said = (await client.post("/schemas/check", json=asked)).json()
    assert (said["status"], said["bump"], said["next_version"]) == (200, "none", "1.0.0")
    named = await client.post("/schemas", json=asked | {"version": "1.0.0"})
    assert named.status_code == 200


async def test_the_same_schema_with_other_terms_sets_them_for_its_id(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, NewSchema(name="recipe", json_schema=A))
    other: dict[str, Any] = {"name": "recipe", "json_schema": A, "compatibility": "full", "description": "Dishes"}
    said = await schemas.compatibility.check(ana, ToCheck(**other))
    assert (said.status, said.bump, said.compatibility) == (200, "none", "full")
    assert set(said.terms) == {"compatibility", "description"}
    await schemas.versions.register(ana, NewSchema(**other))
    now = await schemas.versions.get(ana, "recipe-v1")
    assert (now.version, now.compatibility, now.description) == ("1.0.0", "full", "Dishes")
    assert (await schemas.compatibility.check(ana, ToCheck(**other))).terms == ()
    assert len((await schemas.versions.list_versions(ana, "recipe-v1")).items) == 1


async def test_other_terms_for_a_version_that_is_not_the_latest_are_refused(schemas: Schemas, ana: Caller) -> None:
    await schemas.versions.register(ana, NewSchema(name="recipe", json_schema=A))
    await schemas.versions.register(ana, NewSchema(name="recipe", json_schema=WIDER))
    asked: dict[str, Any] = {"name": "recipe", "json_schema": A, "version": "1.0.0"}
    assert isinstance(await register_or_refusal(schemas, ana, **asked), tuple)
    for ask in (check_or_refusal, register_or_refusal):
        assert isinstance(await ask(schemas, ana, **asked, compatibility="full"), AlreadyThere)
