"""The records that the promises of a store are tried on, and the collections that hold them."""

from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from reyna.adapters.postgres.migrations.tables import collection, namespace, orders, sums
from reyna.domain.event import Message
from reyna.domain.ids import new_id
from reyna.ports.store import Collection, Put, Store

LONG_AGO: Final = datetime(2001, 2, 3, 4, 5, 6, 789_012, tzinfo=UTC)


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A record with a field of every kind that can be asked for."""

    id: str
    user_id: str
    name: str = ""
    rank: str = "m"
    number: int = 0
    weight: float = 1.5
    done: bool = False
    kind: Literal["stone", "leaf"] = "stone"
    parent_id: str | None = None
    made_at: datetime = LONG_AGO
    ended_at: datetime | None = None
    data: Any = None
    revision: int = 1

    @property
    def spelled(self) -> str:
        """What follows from a field can be asked for too."""
        return "-".join(self.name)


class Counter(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    user_id: str
    revision: int = 1


THINGS: Final = Collection(
    "ports.things",
    Thing,
    ("name", "rank", "number", "weight", "done", "kind", "parent_id", "made_at", "ended_at", "spelled"),
)
COUNTERS: Final = Collection("ports.counters", Counter)

TABLES: Final = [
    *namespace("ports"),
    *sums("ports"),
    *orders("ports"),
    *collection(
        THINGS.name,
        "name text, rank text, number bigint, weight double precision, done boolean, kind text, parent_id text,"
        " made_at timestamptz, ended_at timestamptz, spelled text",
        "parent_id, rank, id",
    ),
    *collection(COUNTERS.name, ""),
]


def a_thing(id: str | None = None, user_id: str = "user-ana", **fields: Any) -> Thing:
    return Thing(id=new_id("thing") if id is None else id, user_id=user_id, **fields)


def a_message(id: str | None = None, body: bytes = b"{}") -> Message:
    return Message(new_id("event") if id is None else id, "reyna.event.user-ana.thing.made", body)


async def put_records(store: Store, *things: Thing) -> None:
    await store.write(*(Put(THINGS, thing) for thing in things))
