"""One user who registers without pause, or registers what takes long, keeps nobody else waiting."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from reyna.adapters.memory import MemoryStore
from reyna.domain.caller import Caller, house
from reyna.domain.data import encoded
from reyna.domain.errors import Invalid, TooLarge, TooMuch
from reyna.fit.light import is_light
from reyna.schemas.answering import GRACE
from reyna.schemas.apart import Apart
from reyna.schemas.checking import ToCheck
from reyna.schemas.compatibility import Text
from reyna.schemas.pace import Pace
from reyna.schemas.records import COLLECTIONS
from reyna.schemas.service import Schemas
from tests.schemas.conftest import a_door, a_schema
from tests.schemas.documents import registered
from tests.schemas.test_checking import hostile


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def paced() -> AsyncIterator[Schemas]:
    """A service that looks at two schemas of a user, and then at one more every ten seconds."""
    yield Schemas(MemoryStore(COLLECTIONS), pace=Pace(2, 0.1, Clock()))


def test_a_share_is_used_up_and_comes_back_with_time() -> None:
    clock = Clock()
    pace = Pace(2, 0.1, clock)
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


async def test_registering_and_checking_share_what_a_user_may_ask(paced: Schemas, ana: Caller, bo: Caller) -> None:
    await paced.register(ana, a_schema())
    await paced.check(ana, ToCheck(name="recipe", json_schema={}))
    for ask in (paced.register(ana, a_schema()), paced.check(ana, ToCheck(name="recipe", json_schema={}))):
        with pytest.raises(TooMuch):
            await ask
    await paced.register(bo, a_schema())
    assert (await paced.validate(ana, "recipe-v1", {})).valid
    for number in range(5):
        await paced.register(house(), a_schema(name=f"house-{number}"))


async def test_who_asks_too_often_is_told_when_to_come_again(paced: Schemas) -> None:
    async with AsyncTestClient(a_door(paced)) as client:
        client.headers["authorization"] = "Bearer user-ana"
        answers = [await client.post("/schemas", json={"name": f"n{number}", "json_schema": {}}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert answers[2].headers["retry-after"] == "10"
    assert answers[2].json()["code"] == "too_much"


# --- apart ---


def involved(number: int) -> dict[str, Any]:
    """Much to look at, and nothing wrong with it."""
    return {"properties": {f"p{each}": {"maxLength": each + number} for each in range(2_000)}}


async def test_what_takes_long_to_look_at_is_registered_like_anything_else(schemas: Schemas, ana: Caller) -> None:
    assert not is_light(involved(1))
    schema = await schemas.register(ana, a_schema(involved(1)))
    assert schema.json_schema == involved(1)
    assert await schemas.register(ana, a_schema(involved(1))) == schema
    assert not (await schemas.validate(ana, "recipe-v1", {"p7": "much too long"})).valid
    assert (await schemas.check(ana, ToCheck(id="recipe-v1", json_schema=involved(1)))).bump == "none"


async def test_what_it_leads_to_is_found_as_ever(schemas: Schemas, ana: Caller) -> None:
    several = involved(1) | {"allOf": [{"$ref": registered("text-input")}]}
    assert (await schemas.register(ana, a_schema(several))).references.keys() == {registered("text-input")}
    on_top = a_schema({"items": {"$ref": registered("recipe")}}, name="menu")  # light by itself
    assert len((await schemas.register(ana, on_top)).references) == 2
    with pytest.raises(Invalid) as refusal:
        await schemas.register(ana, a_schema(involved(1) | {"$ref": registered("nothing")}))
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
    for json_schema in (wrong, involved(1) | wrong):
        with pytest.raises(Invalid) as refusal:
            await schemas.register(ana, a_schema(json_schema))
        said.append(refusal.value.problem())
    assert said[0] == said[1]
    assert said[0]["errors"][0].path == path


async def test_what_is_too_large_is_not_even_looked_at(schemas: Schemas, ana: Caller) -> None:
    with pytest.raises(TooLarge):
        await schemas.register(ana, a_schema({"default": [0] * 200_000}))


async def test_what_cannot_be_looked_at_in_time_is_refused(ana: Caller) -> None:
    with pytest.raises(Invalid, match="takes longer"):
        await Apart(seconds=0.001 - GRACE).examine(ana.user_id, Text(involved(1)))


async def test_others_are_served_while_something_hostile_is_looked_at(
    schemas: Schemas, ana: Caller, bo: Caller
) -> None:
    attacks = [asyncio.create_task(schemas.register(ana, a_schema(hostile(number), name="x"))) for number in range(4)]
    for _ in range(200):
        assert (await schemas.validate(bo, "text-input-v1", {"content": "x"})).valid
        await asyncio.sleep(0)
    assert not any(attack.done() for attack in attacks)
    for attack in attacks:
        attack.cancel()
    await asyncio.gather(*attacks, return_exceptions=True)


def test_the_size_of_what_is_light_is_bounded() -> None:
    assert is_light({"type": "object", "properties": {"a": {"pattern": "^a+$"}}})
    assert is_light(object())
    many: list[Any] = [{"properties": {f"p{number}": {}}} for number in range(100)]
    heavies: list[Any] = [{"title": "x" * 9_000}, {"pattern": "a{900}"}, {"allOf": [{"$ref": "#/$defs/a"}] * 20}]
    heavies += [{"allOf": many}, {"pattern": "." * 3_000}, {"patternProperties": {r"\p{L}\w" * 10: {}}}]
    for heavy in heavies:
        assert not is_light(heavy)
        assert encoded(heavy)
