"""The promises of every store about reads."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reyna.domain.event import Message
from reyna.ports.store import NOT_NULL, Collection, Contains, Delete, Put, Require, RequirementNotMet, Store, Where
from tests.contracts.sample_records import LONG_AGO, THINGS, Thing, a_message, a_thing, put_records

ANA, BO = "user-ana", "user-bo"
TOMORROW = datetime.now(UTC) + timedelta(days=1)
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


async def ids(store: Store, where: Where = {}, **how: Any) -> list[str]:
    return [thing.id for thing in await store.find(THINGS, ANA, where, **how)]


# --- get ---


async def test_what_was_put_comes_back_as_it_was(store: Store) -> None:
    thing = a_thing(
        name="Prolog",
        number=-(2**53),
        weight=0.1,
        done=True,
        kind="leaf",
        parent_id="thing-root",
        ended_at=LONG_AGO + timedelta(microseconds=1),
        data={"list": [1, 2.5, None, True], "nested": {"deep": [{}]}, "big": 2**63 - 1},
    )
    await put_records(store, thing)
    assert await store.get(THINGS, ANA, thing.id) == thing


async def test_what_was_never_put_is_not_there(store: Store) -> None:
    assert await store.get(THINGS, ANA, "thing-nowhere") is None


async def test_another_user_sees_nothing(store: Store) -> None:
    await put_records(store, thing := a_thing(parent_id="thing-root"))
    assert await store.get(THINGS, BO, thing.id) is None
    assert await store.find(THINGS, BO) == []
    assert await store.count(THINGS, BO) == 0
    assert await store.walk(THINGS, BO, [thing.id], "parent_id", toward="children") == []
    for step in (Require(THINGS, BO, thing.id), Delete(THINGS, BO, thing.id)):
        with pytest.raises(RequirementNotMet):
            await store.write(step)
    assert await store.get(THINGS, ANA, thing.id) == thing


async def test_two_users_may_have_a_record_of_the_same_id(store: Store) -> None:
    await put_records(store, a_thing("thing-1", ANA, name="Ana's"), a_thing("thing-1", BO, name="Bo's"))
    await store.write(Put(THINGS, a_thing("thing-1", BO, name="Bo's new", revision=2), expects=1))
    mine, theirs = await store.get(THINGS, ANA, "thing-1"), await store.get(THINGS, BO, "thing-1")
    assert mine is not None
    assert mine.name == "Ana's"
    assert theirs is not None
    assert theirs.name == "Bo's new"
    await store.write(Delete(THINGS, BO, "thing-1"))
    assert await store.get(THINGS, ANA, "thing-1") == mine


@pytest.mark.parametrize("id", ["thing-\0", "thing-\ud800", "", "thing-%_'\"\\"])
async def test_an_id_that_no_record_can_have_is_just_not_there(store: Store, id: str) -> None:
    await put_records(store, thing := a_thing())
    assert await store.get(THINGS, ANA, id) is None
    assert await ids(store, {"id": (id, thing.id)}) == [thing.id]
    assert await ids(store, {"name": id}) == ([thing.id] if id == "" else [])
    assert [far for far, _ in await store.walk(THINGS, ANA, [id, thing.id], "parent_id", toward="parents")] == [0]
    for step in (Require(THINGS, ANA, id), Delete(THINGS, ANA, id)):
        with pytest.raises(RequirementNotMet):
            await store.write(step)


@given(name=TEXT, content=TEXT, id=TEXT.filter(len))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_text_comes_back_unchanged_and_is_found(store: Store, name: str, content: str, id: str) -> None:
    thing = a_thing(id, name=name, data={"content": content, content: name})
    await store.write(Put(THINGS, thing, expects=None))
    assert await store.get(THINGS, ANA, id) == thing
    assert thing in await store.find(THINGS, ANA, {"name": name})


async def test_a_blob_of_four_mebibytes_is_kept_whole(store: Store) -> None:
    content = random.Random(7).randbytes(2 * 1024 * 1024).hex()
    await put_records(store, thing := a_thing(data={"content": content}))
    assert await store.get(THINGS, ANA, thing.id) == thing


# --- find and count ---

ORDERS: list[tuple[tuple[str, ...], bool]] = [
    ((), False),
    ((), True),
    (("number",), False),
    (("rank", "number"), True),
    (("made_at",), True),
    (("weight", "done"), False),
]


@pytest.mark.parametrize(("order", "descending"), ORDERS)
async def test_pages_show_every_record_once_and_in_order(
    store: Store, order: tuple[str, ...], descending: bool
) -> None:
    chance = random.Random(1)
    things = [
        a_thing(
            f"thing-{number:04}",
            rank=chance.choice("aBbéZ\U0001f600\uffff"),
            number=chance.randrange(-3, 3),
            weight=chance.choice([0.5, 2.0]),
            done=chance.random() < 0.5,
            made_at=LONG_AGO + timedelta(microseconds=chance.randrange(5)),
        )
        for number in range(1000)
    ]
    chance.shuffle(things)
    await put_records(store, *things, a_thing(user_id=BO))

    def place(thing: Thing) -> tuple[Any, ...]:
        return (*(getattr(thing, field) for field in order), thing.id)

    seen: list[Thing] = []
    while page := await store.find(
        THINGS, ANA, order=order, descending=descending, after=place(seen[-1]) if seen else None, limit=97
    ):
        seen += page
    assert seen == sorted(things, key=place, reverse=descending)


async def test_text_is_ordered_by_code_point(store: Store) -> None:
    names = ["a", "B", "b", "A", "é", "z", "", " ", "aa", "a-", "\uffff", "\U0001f600", "Ω", "ä", "1", "10", "2"]
    await put_records(store, *(a_thing(name=name) for name in names))
    assert [thing.name for thing in await store.find(THINGS, ANA, order=("name",))] == sorted(names)


async def test_without_a_limit_everything_is_found(store: Store) -> None:
    await put_records(store, *(a_thing() for _ in range(300)))
    assert len(await store.find(THINGS, ANA)) == 300
    assert await store.find(THINGS, ANA, limit=0) == []


WHERE: list[tuple[Where, Callable[[Thing], bool]]] = [
    ({"name": "b"}, lambda thing: thing.name == "b"),
    ({"number": 1}, lambda thing: thing.number == 1),
    ({"number": (0, 2)}, lambda thing: thing.number in (0, 2)),
    ({"name": ["a", "c"], "done": True}, lambda thing: thing.name in "ac" and thing.done),
    ({"name": {"a"}, "done": False}, lambda thing: thing.name == "a" and not thing.done),
    ({"name": ()}, lambda thing: False),
    ({"parent_id": None}, lambda thing: thing.parent_id is None),
    ({"parent_id": NOT_NULL}, lambda thing: thing.parent_id is not None),
    ({"parent_id": (None, "thing-x")}, lambda thing: thing.parent_id in (None, "thing-x")),
    ({"parent_id": "thing-x", "ended_at": None}, lambda thing: thing.parent_id == "thing-x" and not thing.ended_at),
    ({"ended_at": LONG_AGO}, lambda thing: thing.ended_at == LONG_AGO),
    ({"weight": 0.1}, lambda thing: thing.weight == 0.1),
    ({"kind": "leaf"}, lambda thing: thing.kind == "leaf"),
    ({"revision": (1, 2)}, lambda thing: True),
    ({"id": "thing-007"}, lambda thing: thing.id == "thing-007"),
    ({"user_id": BO}, lambda thing: False),
]


@pytest.mark.parametrize(("where", "fits"), WHERE, ids=[str(where) for where, _ in WHERE])
async def test_only_what_matches_is_found_and_counted(
    store: Store, where: Where, fits: Callable[[Thing], bool]
) -> None:
    chance = random.Random(2)
    things = [
        a_thing(
            f"thing-{number:03}",
            name=chance.choice("abc"),
            number=number % 3,
            weight=chance.choice([0.1, 0.2]),
            done=chance.random() < 0.5,
            kind=chance.choice(["stone", "leaf"]),
            parent_id=chance.choice([None, "thing-x", "thing-y"]),
            ended_at=chance.choice([None, LONG_AGO]),
        )
        for number in range(60)
    ]
    await put_records(store, *things, a_thing(user_id=BO, name="a"))
    wanted = [thing for thing in things if fits(thing)]
    assert await store.find(THINGS, ANA, where) == wanted
    assert await store.count(THINGS, ANA, where) == len(wanted)


async def test_what_cannot_be_asked_for_is_said_at_once(store: Store) -> None:
    with pytest.raises(ValueError, match="data"):
        await store.find(THINGS, ANA, {"data": 1})
    with pytest.raises(ValueError, match="data"):
        await store.find(THINGS, ANA, order=("data",))
    with pytest.raises(ValueError, match="data"):
        await store.count(THINGS, ANA, {"data": 1})
    with pytest.raises(ValueError, match="data"):
        await store.write(Require(THINGS, ANA, "thing-1", {"data": 1}))
    with pytest.raises(ValueError, match="data"):
        await store.walk(THINGS, ANA, [], "data", toward="children")
    with pytest.raises(ValueError, match="after"):
        await store.find(THINGS, ANA, order=("name",), after=("a",))
    elsewhere = Collection("ports.elsewhere", Thing)
    with pytest.raises(ValueError, match=r"ports\.elsewhere"):
        await store.get(elsewhere, ANA, "thing-1")
    with pytest.raises(ValueError, match=r"ports\.elsewhere"):
        await store.write(Put(elsewhere, a_thing()))


# --- the outbox ---


async def test_messages_wait_in_the_order_of_their_writes_until_they_are_marked_sent(store: Store) -> None:
    messages = [a_message(f"event-{9 - number}", bytes([number, 0, 255])) for number in range(6)]
    for first, second in zip(messages[::2], messages[1::2], strict=True):
        await store.write(Put(THINGS, a_thing()), messages=[first, second])
    assert await store.list_unsent(before=TOMORROW, limit=10) == messages
    assert await store.list_unsent(before=TOMORROW, limit=2) == messages[:2]
    await store.mark_sent([messages[0].id, messages[3].id, "event-nowhere"])
    await store.mark_sent([messages[0].id])
    await store.mark_sent([])
    assert await store.list_unsent(before=TOMORROW, limit=10) == [messages[1], messages[2], messages[4], messages[5]]


async def test_a_message_may_be_written_alone(store: Store) -> None:
    await store.write(messages=[message := a_message()])
    assert await store.list_unsent(before=TOMORROW, limit=10) == [message]


async def test_the_unsent_messages_of_one_user_are_found_by_the_beginning_of_their_subjects(store: Store) -> None:
    subjects = ["reyna.event.ana.b", "reyna.event.ana2.b", "reyna.event.ana.a.c", "reyna.run.x.ana", "reyna.event.an.b"]
    messages = [Message(f"event-{number}", subject, b"") for number, subject in enumerate(subjects)]
    await store.write(messages=messages)
    found = await store.list_unsent(before=TOMORROW, limit=10, under="reyna.event.ana.")
    assert found == [messages[0], messages[2]]
    assert await store.list_unsent(before=TOMORROW, limit=1, under="reyna.event.ana.") == found[:1]


async def test_messages_written_since_then_are_left_to_whoever_wrote_them(store: Store) -> None:
    await store.write(messages=[a_message()])
    assert await store.list_unsent(before=datetime.now(UTC) - timedelta(hours=1), limit=10) == []


async def test_a_store_that_is_well_says_so(store: Store) -> None:
    await store.check()


def test_the_things_have_a_field_of_every_kind_that_can_be_asked_for() -> None:
    columns = {field.name: field.type for field in msgspec.structs.fields(Thing) if field.name in THINGS.columns}
    assert {str, int, float, bool, datetime, str | None, datetime | None} <= set(columns.values())


# --- pick ---


async def test_only_the_fields_that_are_asked_for_come_by_id_and_a_page_at_a_time(store: Store) -> None:
    await put_records(store, *(a_thing(f"thing-{n}", number=n % 3, ended_at=LONG_AGO) for n in (4, 1, 3, 0, 2)))
    await put_records(store, a_thing("thing-5", BO))
    assert await store.select(THINGS, ANA, ("id", "number")) == [(f"thing-{n}", n % 3) for n in range(5)]
    assert await store.select(THINGS, ANA, ("ended_at",), {"number": 2}) == [(LONG_AGO,)]
    assert await store.select(THINGS, ANA, ("id",), limit=2) == [("thing-0",), ("thing-1",)]
    assert await store.select(THINGS, ANA, ("number",), after="thing-1", limit=2) == [(2,), (0,)]
    assert await store.select(THINGS, ANA, ("id",), {"number": (0, 1)}, after="thing-1") == [("thing-3",), ("thing-4",)]
    assert await store.select(THINGS, ANA, ("id",), after="thing-4", limit=2) == []


# --- texts that contain words ---


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("cafe",), ["1", "2"]),
        (("noir", "cafe"), ["2"]),
        (("Cafe",), []),
        (("100%_",), ["3"]),
        (("a.b",), ["4"]),
        (("a\\",), ["5"]),
        (("[", "$"), ["5"]),
        (("模", "👍🏽"), ["6"]),
        ((), ["1", "2", "3", "4", "5", "6"]),
        (("\0",), []),
        (("\ud800",), []),
        (("cafe", "\ud800"), []),
    ],
)
async def test_a_text_is_found_by_the_words_in_it_as_they_stand(
    store: Store, words: tuple[str, ...], found: list[str]
) -> None:
    names = ["cafe", "le cafe noir", "100%_ 100_%", "a.b axb", "a\\ [x] $", "模型 👍🏽"]
    await put_records(store, *(a_thing(str(number), name=name, rank="m") for number, name in enumerate(names, 1)))
    await put_records(store, a_thing("0", BO, name="cafe noir"))
    assert await ids(store, {"name": Contains(words)}) == found
    assert await store.count(THINGS, ANA, {"name": Contains(words), "rank": "m"}) == len(found)
    assert await ids(store, {"name": Contains(words)}, limit=1) == found[:1]
    assert [id for (id,) in await store.select(THINGS, ANA, ("id",), {"name": Contains(words)})] == found


async def test_a_text_that_is_null_contains_nothing(store: Store) -> None:
    await put_records(store, a_thing("1"), a_thing("2", parent_id="root"))
    assert await ids(store, {"parent_id": Contains(("oo",))}) == ["2"]


async def test_what_follows_from_a_record_is_asked_for_like_its_fields(store: Store) -> None:
    await put_records(store, one := a_thing("1", name="abc"), a_thing("2", name="xyz"))
    assert await ids(store, {"spelled": "a-b-c"}) == ["1"]
    assert await ids(store, {"spelled": Contains(("b-c",))}) == ["1"]
    assert await ids(store, order=("spelled",), descending=True) == ["2", "1"]
    await store.write(Put(THINGS, msgspec.structs.replace(one, name="zzz", revision=2), expects=1))
    assert await store.select(THINGS, ANA, ("id", "spelled")) == [("1", "z-z-z"), ("2", "x-y-z")]
