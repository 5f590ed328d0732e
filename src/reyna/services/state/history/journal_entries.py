"""Builds the acts of the journal, and the steps that write them along with the change itself."""

from datetime import UTC, datetime

from reyna.domain.caller import Caller
from reyna.domain.ids import ulid_of
from reyna.ports.store import Put, Step
from reyna.services.state.records import JOURNAL, Act, ActName, Change, Several
from reyna.storage.logical_clock import LogicalClock


def new_act(
    order: LogicalClock, caller: Caller, act: ActName, change: Change | Several, *, name: str | None = None
) -> Act:
    """Returns an act with its inverse, behind all that its user did before.

    Acts are numbered by the order of their user and not by a counter, so that two devices that create and place never
    wait for each other.
    """
    number = order.next(caller.user_id)
    return Act(
        id=f"act-{ulid_of(number)}",
        user_id=caller.user_id,
        number=number,
        act=act,
        name=name,
        change=change,
        by=caller.name,
        created_at=datetime.now(UTC),
    )


def act_steps(order: LogicalClock, act: Act) -> list[Step]:
    """Returns the steps that write an act."""
    return [Put(JOURNAL, act), order.step(act.user_id, act.number)]


def journal_steps(
    order: LogicalClock, caller: Caller, act: ActName, change: Change | Several, *, name: str | None = None
) -> list[Step]:
    """Returns the steps that write a new act."""
    return act_steps(order, new_act(order, caller, act, change, name=name))
