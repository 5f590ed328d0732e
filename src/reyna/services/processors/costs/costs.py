"""The costs of runs: verbs to report and list them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostDay, CostPage, CostReport, Grouping, group_costs, sum_of
from reyna.domain.errors import Invalid
from reyna.domain.processing.run import Run
from reyna.domain.requests.page import DEFAULT_LIMIT, check_limit, decode_cursor, encode_cursor
from reyna.ports.store import Store
from reyna.services.processors.authorization import check_run_token
from reyna.services.processors.costs.cost_counting import CostCounting
from reyna.services.processors.records import COST_DAYS

DAYS_PER_READ: Final = 500


class Costs:
    """The costs of each user, by day (UTC), processor and model. Workers report those of their runs."""

    def __init__(self, store: Store, counting: CostCounting) -> None:
        self._store, self._counting = store, counting

    async def report(self, caller: Caller, run_id: str, report: CostReport) -> Run:
        """Counts what an attempt at the run has not reported before, also after the run has ended, and returns the run.

        The caller is the run's own token. Raises NotFound and Invalid.
        """
        check_run_token(caller, run_id)
        report.check_size()
        return await self._counting.count(caller, run_id, report)

    async def list(
        self,
        caller: Caller,
        *,
        by: Grouping = "day",
        since: date | None = None,
        until: date | None = None,
        limit: int = DEFAULT_LIMIT,
        cursor: str | None = None,
    ) -> CostPage:
        """Returns one page of the costs from one day (UTC) to another, both included, and the total of all pages.

        Days come newest first, processors and models by name. Raises Invalid.
        """
        check_limit(limit)
        start = (decode_cursor(cursor, int) or (0,))[0]
        if since is not None and until is not None and since > until:
            raise Invalid.at("/since", "is after until", expected="a day that is not after until")
        days = await self._read(caller.user_id, since, until)
        items = group_costs(days, by)
        more = start + limit < len(items)
        return CostPage(
            items=tuple(items[start : start + limit]),
            next_cursor=encode_cursor(start + limit) if more else None,
            total=sum_of(entry for day in days for entry in day.entries),
        )

    async def _read(self, user_id: str, since: date | None, until: date | None) -> Sequence[CostDay]:
        days: list[CostDay] = []
        after = None if since is None or since == date.min else ((since - timedelta(days=1)).isoformat(),)
        last = date.max.isoformat() if until is None else until.isoformat()
        while True:
            page = await self._store.find(COST_DAYS, user_id, after=after, limit=DAYS_PER_READ)
            days += [day for day in page if day.id <= last]
            if len(page) < DAYS_PER_READ or page[-1].id >= last:
                return days
            after = (page[-1].id,)
