"""`reyna doctor --reindex`: builds the search index of every user anew while the studio runs."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from reyna.cli.checkup import CheckResult, fault_problem, ok
from reyna.cli.terminal import quantity
from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Fault
from reyna.services.state.service import State

USERS_PER_PAGE: Final = 1_000
RECORDS_PER_REPORT: Final = 5_000


async def reindex_all(state: State, report: Callable[[str], None]) -> AsyncIterator[CheckResult]:
    """Builds the indexes of all users, one after the other, and yields a result for each; `report` tells the progress
    of a large one."""
    after: str | None = None
    try:
        while users := await state.integrity.list_users(system_caller(), after=after, limit=USERS_PER_PAGE):
            for user_id in users:
                done = await _reindex(state, user_id, report)
                yield ok(f"{user_id}: {quantity(done, 'record')} in the search index")
            after = users[-1]
    except Fault as fault:
        yield fault_problem("the search index", fault, "run reyna doctor --reindex again")


async def _reindex(state: State, user_id: str, report: Callable[[str], None]) -> int:
    caller = Caller(user_id=user_id, kind="house")
    done, reported = 0, 0
    cursor: str | None = None
    while True:
        step = await state.search.reindex(caller, cursor)
        done, cursor = done + step.done, step.next_cursor
        if cursor is None:
            return done
        if done - reported >= RECORDS_PER_REPORT:
            report(f"{user_id}: {done:,} records so far")
            reported = done
