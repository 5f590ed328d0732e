"""How a structural change goes down in the journal, in the same write as the change itself."""

import time
from datetime import UTC, datetime

from reyna.domain.caller import Caller
from reyna.domain.ids import new_id
from reyna.ports import Put
from reyna.state.records import JOURNAL, Act, ActName, Change, Several

_last = 0


def moment() -> int:
    """This microsecond since 1970; never the same twice, so that the acts of one process keep their order.

    Acts are numbered by time and not by a counter, so that two devices that create and place never wait for each other.
    """
    global _last
    _last = max(_last + 1, time.time_ns() // 1000)
    return _last


def journalled(caller: Caller, act: ActName, change: Change | Several, *, name: str | None = None) -> Put:
    """The step that writes down an act and its inverse."""
    kept = Act(
        id=new_id("act"),
        user_id=caller.user_id,
        number=moment(),
        act=act,
        name=name,
        change=change,
        by=caller.name,
        created_at=datetime.now(UTC),
    )
    return Put(JOURNAL, kept)
