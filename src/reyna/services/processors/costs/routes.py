"""The REST routes of costs and of the spending cap."""

from datetime import date
from typing import Final

from litestar import delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from reyna.domain.costs.cost import CostPage, CostReport, Grouping
from reyna.domain.costs.spending import NewSpendingCap, SpendingCap
from reyna.domain.processing.run import Run
from reyna.domain.requests.page import DEFAULT_LIMIT
from reyna.services.processors.service import Processors
from reyna.transport.http import RUN_TOKEN, CurrentCaller, Cursor, IfMatchHeader, Limit, parse_if_match

CostsDependency = NamedDependency[Processors]


@get("/costs")
async def list_costs(
    processors: CostsDependency,
    caller: CurrentCaller,
    by: FromQuery[Grouping] = "day",
    since: FromQuery[date | None] = None,
    until: FromQuery[date | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> CostPage:
    """The costs of your runs, by day, processor or model, with the total."""
    return await processors.costs.list(caller, by=by, since=since, until=until, limit=limit, cursor=cursor)


@post("/runs/{id:str}/costs", status_code=200, opt=RUN_TOKEN)
async def report_costs(
    processors: CostsDependency, caller: CurrentCaller, id: FromPath[str], data: JSONBody[CostReport]
) -> Run:
    """Say what an attempt at a run has used of language models; sent twice, it counts once."""
    return await processors.costs.report(caller, id, data)


@get("/me/spending-cap")
async def get_spending_cap(processors: CostsDependency, caller: CurrentCaller) -> SpendingCap:
    """The most that you want to spend in a month, and what was spent in this one."""
    return await processors.spending.get_cap(caller)


@put("/me/spending-cap")
async def set_spending_cap(
    processors: CostsDependency,
    caller: CurrentCaller,
    data: JSONBody[NewSpendingCap],
    if_match: IfMatchHeader = None,
) -> SpendingCap:
    """Set the most that you want to spend in a calendar month (UTC)."""
    return await processors.spending.set_cap(caller, data, if_match=await parse_if_match(if_match))


@delete("/me/spending-cap")
async def remove_spending_cap(
    processors: CostsDependency, caller: CurrentCaller, if_match: IfMatchHeader = None
) -> None:
    """Spend without a cap again."""
    await processors.spending.remove_cap(caller, if_match=await parse_if_match(if_match))


cost_routes: Final = [list_costs, report_costs, get_spending_cap, set_spending_cap, remove_spending_cap]
