"""The plan of a write: its rows by table and kind of change, and how plans are merged."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, Literal, NamedTuple

from reyna.adapters.postgres.rows import Row
from reyna.adapters.postgres.sql import ANY_OF, Table, storable
from reyna.domain.event import Message
from reyna.ports.store import AdvanceClock, Delete, Increment, Put, Require, Step
from reyna.storage.semantics import (
    Additions,
    additions_of,
    advances_of,
    check_collection,
    check_queryable,
    check_written_once,
    merge_addition,
)

Kind = Literal["require", "insert", "update", "upsert", "delete"]
Fields = tuple[tuple[str, Any], ...]
Key = tuple[str, str, str]  # collection, user and id of a record
SHARED_KINDS: Final = frozenset({"require", "insert", "update"})
MAX_CACHED_GROUPS: Final = 1024  # one for each table and kind


class Group(NamedTuple):
    """Steps that one part of the statement does together; `where` is the filter of a requirement, hashable."""

    kind: Kind
    collection: str
    where: Fields = ()

    @property
    def step(self) -> Literal["put", "delete", "require"]:
        return self.kind if self.kind in ("require", "delete") else "put"


class WritePlan:
    """A planned write: its rows by group, increments, clock steps and messages.

    `can_share` says that it may be merged with the plans of others; `required` and `changed` name the records that it
    requires and updates. All parts of a statement see the records as they were before it, so a plan is not merged with
    one that updates what it requires or updates itself.
    """

    __slots__ = ("additions", "can_share", "changed", "clock_steps", "groups", "messages", "required")

    def __init__(
        self,
        groups: dict[Group, list[Row]],
        additions: Additions,
        clock_steps: dict[str, AdvanceClock],
        messages: list[Message],
    ) -> None:
        self.groups, self.additions, self.clock_steps, self.messages = groups, additions, clock_steps, messages
        self.can_share = SHARED_KINDS.issuperset([group.kind for group in groups])
        self.required = _keys_of(groups, "require")
        self.changed = _keys_of(groups, "update")

    def find_impossible_condition(self) -> Group | None:
        """Returns the first group with a condition on a value that PostgreSQL cannot hold, if there is one."""
        for group, rows in self.groups.items():
            wanted = [one for _, value in group.where for one in (value if isinstance(value, frozenset) else (value,))]
            if group.step != "put" and not all(map(storable, chain(wanted, *rows))):
                return group
        return None


def _keys_of(groups: Mapping[Group, list[Row]], kind: Kind) -> set[Key]:
    return {(group.collection, row[0], row[1]) for group, rows in groups.items() if group.kind == kind for row in rows}


def plan_write(tables: Mapping[str, Table], steps: Sequence[Step], messages: Sequence[Message]) -> WritePlan:
    """Returns the plan of a write. Raises ValueError for a malformed one."""
    check_written_once(steps)
    groups: dict[Group, list[Row]] = {}
    for step in steps:
        if type(step) is not Increment and type(step) is not AdvanceClock:
            group, row = _group_of(tables, step)
            groups.setdefault(group, []).append(row)
    return WritePlan(groups, additions_of(steps), advances_of(steps), list(messages))


def _group_of(tables: Mapping[str, Table], step: Put | Delete | Require) -> tuple[Group, Row]:
    name = step.collection.name
    table = tables.get(name)
    if table is None or table.collection is not step.collection:
        check_collection({name: table.collection for name, table in tables.items()}, step.collection)
        table = tables[name]
    if type(step) is Put:
        row = table.row(step.record)
        if step.expects == 0:
            return _group("insert", name), row
        return (_group("upsert", name), row) if step.expects is None else (_group("update", name), (*row, step.expects))
    if type(step) is Delete:
        return _group("delete", name), (step.user_id, step.id)
    check_queryable(step.collection, step.where)
    return Group("require", name, _hashable(step.where)), (step.user_id, step.id)


@lru_cache(MAX_CACHED_GROUPS)
def _group(kind: Kind, collection: str) -> Group:
    return Group(kind, collection)


def _hashable(where: Mapping[str, Any]) -> Fields:
    return tuple([(field, frozenset(value) if isinstance(value, ANY_OF) else value) for field, value in where.items()])


def merge_plans(plans: Sequence[WritePlan]) -> WritePlan:
    groups: dict[Group, list[Row]] = {}
    additions: Additions = {}
    for plan in plans:
        for group, rows in plan.groups.items():
            groups.setdefault(group, []).extend(rows)
        for key, (by, at_most) in plan.additions.items():
            merge_addition(additions, key, by, at_most)
    clock_steps = advances_of([step for plan in plans for step in plan.clock_steps.values()])
    return WritePlan(groups, additions, clock_steps, [message for plan in plans for message in plan.messages])
