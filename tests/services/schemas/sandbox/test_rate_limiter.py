"""A user who registers without pause, or registers costly schemas, delays nobody else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Invalid, TooLarge, TooMuch
from reyna.domain.json.data import encode_json
from reyna.services.schemas.compatibility.comparison import ResolvedSchema
from reyna.services.schemas.dry_run.reports import ToCheck
from reyna.services.schemas.records import COLLECTIONS
from reyna.services.schemas.sandbox.sandbox import CompatibilitySandbox
from reyna.services.schemas.service import Schemas
from reyna.validation.complexity.cost_check import is_cheap
from reyna.validation.complexity.rate_limiter import RateLimiter
from reyna.validation.sandbox.fork_loop import GRACE_CPU_SECONDS
from tests.services.schemas.conftest import a_schema, build_app
from tests.services.schemas.dry_run.test_dry_run import hostile
from tests.support.schemas import schema_uri


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def rate_limited_schemas() -> AsyncIterator[Schemas]:
    """A service that looks at two schemas of a user, and then at one more every ten seconds."""
    yield Schemas(MemoryStore(COLLECTIONS), rate_limiter=RateLimiter(2, 0.1, Clock()))


def test_a_share_is_used_up_and_comes_back_with_time() -> None:
    clock = Clock()
    pace = RateLimiter(2, 0.1, clock)
    pace.take("user-ana")
    pace.take("user-ana")
    for passed, wait in ((0, 10), (4, 6)):
        clock.now += passed
        with pytest.raises(TooMuch) as refusal:
            pace.take("user-ana")
        assert refusal.value.facts["retry_after"] == wait
    pace.take("user-bo")
    clock.now += 6
    pace.take("user-ana")


async def test_registering_and_checking_share_what_a_user_may_ask(
    rate_limited_schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    await rate_limited_schemas.versions.register(ana, a_schema())
    await rate_limited_schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema={}))
    for ask in (
        rate_limited_schemas.versions.register(ana, a_schema()),
        rate_limited_schemas.compatibility.check(ana, ToCheck(name="recipe", json_schema={})),
    ):
        with pytest.raises(TooMuch):
            await ask
    await rate_limited_schemas.versions.register(bo, a_schema())
    assert (await rate_limited_schemas.validation.validate(ana, "recipe-v1", {})).valid
    for number in range(5):
        await rate_limited_schemas.versions.register(system_caller(), a_schema(name=f"house-{number}"))


async def test_who_asks_too_often_is_told_when_to_come_again(rate_limited_schemas: Schemas) -> None:
    async with AsyncTestClient(build_app(rate_limited_schemas)) as client:
        client.headers["authorization"] = "Bearer user-ana"
        answers = [await client.post("/schemas", json={"name": f"n{number}", "json_schema": {}}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].headers["retry-after"] == "10"
    assert answers[2].json()["code"] == "too_much"


# --- apart ---


def costly_schema(number: int) -> dict[str, Any]:
    """Much to look at, and nothing wrong with it."""
    return {"properties": {f"p{each}": {"maxLength": each + number} for each in range(2_000)}}


async def test_what_takes_long_to_look_at_is_registered_like_anything_else(schemas: Schemas, ana: Caller) -> None:
    assert not is_cheap(costly_schema(1))
    schema = await schemas.versions.register(ana, a_schema(costly_schema(1)))
    assert schema.json_schema == costly_schema(1)
    assert await schemas.versions.register(ana, a_schema(costly_schema(1))) == schema
    assert not (await schemas.validation.validate(ana, "recipe-v1", {"p7": "much too long"})).valid
    assert (
        await schemas.compatibility.check(ana, ToCheck(id="recipe-v1", json_schema=costly_schema(1)))
    ).bump == "none"


async def test_what_it_leads_to_is_found_as_ever(schemas: Schemas, ana: Caller) -> None:
    several = costly_schema(1) | {"allOf": [{"$ref": schema_uri("text-input")}]}
    assert (await schemas.versions.register(ana, a_schema(several))).references.keys() == {schema_uri("text-input")}
    on_top = a_schema({"items": {"$ref": schema_uri("recipe")}}, name="menu")  # light by itself
    assert len((await schemas.versions.register(ana, on_top)).references) == 2
    with pytest.raises(Invalid) as refusal:
        await schemas.versions.register(ana, a_schema(costly_schema(1) | {"$ref": schema_uri("nothing")}))
    assert refusal.value.errors[0].path == "/json_schema/$ref"


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"type": "strin"}, "/json_schema/type"),
        ({"pattern": "(?=a)b"}, "/json_schema/pattern"),
        ({"title": "a\0"}, "/json_schema/title"),
        ({"$ref": "http://127.0.0.1:9/x"}, "/json_schema/$ref"),
    ],
)
async def test_what_is_refused_apart_is_refused_in_the_same_words(
    schemas: Schemas, ana: Caller, wrong: dict[str, Any], path: str
) -> None:
    said = []
    for json_schema in (wrong, costly_schema(1) | wrong):
        with pytest.raises(Invalid) as refusal:
            await schemas.versions.register(ana, a_schema(json_schema))
        said.append(refusal.value.problem())
    assert said[0] == said[1]
    assert said[0]["errors"][0].path == path


async def test_what_is_too_large_is_not_even_looked_at(schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(TooLarge):
        await schemas.versions.register(ana, a_schema({"default": [0] * 200_000}))


async def test_what_cannot_be_looked_at_in_time_is_refused(ana: Caller) -> None:
    with pytest.raises(Invalid, match="takes longer"):
        await CompatibilitySandbox(cpu_seconds=0.001 - GRACE_CPU_SECONDS).examine(
            ana.user_id, ResolvedSchema(costly_schema(1))
        )


async def test_others_are_served_while_something_hostile_is_looked_at(
    schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    attacks = [
        asyncio.create_task(schemas.versions.register(ana, a_schema(hostile(number), name="x"))) for number in range(4)
    ]
    for _ in range(200):
        assert (await schemas.validation.validate(bo, "text-input-v1", {"content": "x"})).valid
        await asyncio.sleep(0)
    assert not any(attack.done() for attack in attacks)
    for attack in attacks:
        attack.cancel()
    await asyncio.gather(*attacks, return_exceptions=True)


def test_the_size_of_what_is_light_is_bounded() -> None:
    assert is_cheap({"type": "object", "properties": {"a": {"pattern": "^a+$"}}})
    assert is_cheap(object())
    many: list[Any] = [{"properties": {f"p{number}": {}}} for number in range(100)]
    heavies: list[Any] = [{"title": "x" * 9_000}, {"pattern": "a{900}"}, {"allOf": [{"$ref": "#/$defs/a"}] * 20}]
    heavies += [{"allOf": many}, {"pattern": "." * 3_000}, {"patternProperties": {r"\p{L}\w" * 10: {}}}]
    for is_heavy in heavies:
        assert not is_cheap(is_heavy)
        assert encode_json(is_heavy)
