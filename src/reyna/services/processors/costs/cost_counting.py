"""Counting of costs: what a worker reports of its run is counted once, for the run, the day and the month."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostDay, CostReport, ModelUse, add_uses, bounded_use, uses_beyond
from reyna.domain.costs.money import format_amount
from reyna.domain.costs.spending import Reservation, month_of, spent_sum
from reyna.domain.errors import Fault
from reyna.domain.processing.run import Cost, Run, cost_of
from reyna.ports.store import Increment, Put, RequirementNotMet, Step, Store
from reyna.services.processors.costs.reservations import Reservations
from reyna.services.processors.costs.run_prices import RunPrices
from reyna.services.processors.costs.user_turns import UserTurns
from reyna.services.processors.records import COST_DAYS
from reyna.services.processors.runs.run_store import RunStore, RunUpdate

MAX_WRITE_ATTEMPTS: Final = 20  # other copies of the service write about the same user
MAX_KEPT_ATTEMPTS: Final = 100  # of a run, each with its own cost; of earlier ones the sum is kept
EARLIER_ATTEMPTS: Final = "earlier"
WHOLE_ATTEMPT: Final = "whole "  # begins the id of an attempt that said its cost with its outputs only


class CostCounting:
    """Counts what runs cost. Reports about one user take turns."""

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        prices: RunPrices,
        reservations: Reservations,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._runs, self._prices = store, runs, prices
        self._reservations, self._clock, self._turns = reservations, clock, UserTurns()

    async def count(self, caller: Caller, run_id: str, report: CostReport) -> Run:
        """Counts what an attempt at the run has not reported before, and settles its reserved calls, in one write.

        Returns the run with its cost. Raises NotFound.
        """
        async with self._turns.turn_of(caller.user_id):
            for _ in range(MAX_WRITE_ATTEMPTS):
                run = await self._runs.get(caller, run_id)
                uses = uses_beyond(report.models, run.attempt_costs.get(report.attempt, ()))
                settled = await self._reservations.find(run, report.settles)
                if not uses and not settled:
                    return run
                try:
                    return await self._write(run, report.attempt, await self._price(run, uses, report), settled)
                except RequirementNotMet:
                    continue
        raise Fault("Too much was reported about the runs of this user at once.")

    async def count_whole(self, caller: Caller, run_id: str, cost: Cost) -> None:
        """Counts the cost that a worker says with its outputs, unless it reports its costs otherwise."""
        run = await self._runs.get(caller, run_id)
        if any(not attempt.startswith(WHOLE_ATTEMPT) for attempt in run.attempt_costs):
            return
        use = ModelUse(
            model=cost.model,
            calls=1,
            input_tokens=cost.input_tokens,
            output_tokens=cost.output_tokens,
            cached_tokens=cost.cached_tokens,
            amount=cost.amount,
        )
        attempt = f"{WHOLE_ATTEMPT}{run.requested_at.isoformat()} {run.attempt}"
        await self.count(caller, run_id, CostReport(attempt=attempt, models=(bounded_use(use),)))

    async def _price(self, run: Run, uses: Sequence[ModelUse], report: CostReport) -> tuple[ModelUse, ...]:
        """Returns these uses with what they cost. A user's own processor says that itself."""
        if run.processor_scope == "user":
            said = {use.model: use for use in add_uses(*report.models)}
            counted = {use.model: use for use in run.attempt_costs.get(report.attempt, ())}
            return tuple(_with_said_amount(use, said[use.model], counted.get(use.model)) for use in uses)
        amounts = [await self._prices.amount_of(run, use) for use in uses]
        return tuple(replace(use, amount=_text(amount)) for use, amount in zip(uses, amounts, strict=True))

    async def _write(self, run: Run, attempt: str, uses: Sequence[ModelUse], settled: Sequence[Reservation]) -> Run:
        costs = _fold_oldest({**run.attempt_costs, attempt: add_uses(*run.attempt_costs.get(attempt, ()), *uses)})
        counted = replace(run, attempt_costs=costs, cost=cost_of(costs), revision=run.revision + 1)
        now = self._clock()
        day = now.astimezone(UTC).date().isoformat()
        steps = [*self._reservations.release(settled), *await self._day_steps(run, day, uses)]
        if nanos := sum(use.nanos for use in uses):
            steps.append(Increment(run.user_id, spent_sum(month_of(now)), nanos))
        await self._runs.update_all([RunUpdate(counted, steps=tuple(steps))])
        return counted

    async def _day_steps(self, run: Run, day: str, uses: Sequence[ModelUse]) -> list[Step]:
        if not uses:
            return []
        stored = await self._store.get(COST_DAYS, run.user_id, day)
        before = stored or CostDay(id=day, user_id=run.user_id)
        return [Put(COST_DAYS, before.plus(run.processor_id, uses), expects=before.revision)]


def _fold_oldest(costs: dict[str, tuple[ModelUse, ...]]) -> dict[str, tuple[ModelUse, ...]]:
    """Returns the costs with the oldest attempts in one sum, so that the run does not grow with every attempt."""
    surplus = [attempt for attempt in costs if attempt != EARLIER_ATTEMPTS][:-MAX_KEPT_ATTEMPTS]
    if not surplus:
        return costs
    folded = add_uses(*costs.get(EARLIER_ATTEMPTS, ()), *(use for attempt in surplus for use in costs[attempt]))
    kept = {attempt: uses for attempt, uses in costs.items() if attempt not in {EARLIER_ATTEMPTS, *surplus}}
    return {EARLIER_ATTEMPTS: folded} | kept


def _with_said_amount(use: ModelUse, said: ModelUse, counted: ModelUse | None) -> ModelUse:
    if said.amount is None:
        return use
    return replace(use, amount=_text(max(said.nanos - (counted.nanos if counted else 0), 0)))


def _text(nanos: int | None) -> str | None:
    return None if nanos is None else format_amount(nanos)
