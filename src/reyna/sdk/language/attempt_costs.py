"""The costs of one attempt at a run: calls are reserved below a spending cap, and what they used is reported."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from reyna.domain.costs.cost import CostReport, ModelUse, Price, add_uses
from reyna.domain.costs.money import format_amount
from reyna.domain.costs.spending import CallReservation
from reyna.domain.errors import Fault, Refusal
from reyna.domain.ids import new_id
from reyna.ports.language import Prompt

REPORT_PAUSES_SECONDS: Final = (
    0.5,
    1.0,
    2.0,
    4.0,
    8.0,
)  # while the service cannot be reached, at the end of an attempt
REPORT_INTERVAL_SECONDS: Final = 2.0  # between two reports while the run is at work: a killed worker loses so much
MESSAGE_TOKENS: Final = 16  # that an endpoint adds around the two messages of a prompt

log = logging.getLogger(__name__)


class CostCalls(Protocol):
    """The calls of an attempt about its costs."""

    async def reserve_call(self, call: CallReservation) -> None: ...

    async def report_costs(self, report: CostReport) -> None: ...


class AttemptCosts:
    """Reports what the language model of one attempt has used. With `has_cap`, every call is reserved before it is
    made: a call that does not fit is refused, and never sent. `price` is that of a model which the worker pays itself.
    """

    def __init__(
        self,
        calls: CostCalls,
        *,
        has_cap: bool = False,
        price: Price | None = None,
        interval: float = REPORT_INTERVAL_SECONDS,
        pauses: Sequence[float] = REPORT_PAUSES_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._calls, self._has_cap, self._price = calls, has_cap, price
        self._interval, self._pauses, self._sleep = interval, pauses, sleep
        self._attempt = new_id("attempt")
        self._uses: tuple[ModelUse, ...] = ()
        self._reported: tuple[ModelUse, ...] = ()
        self._ended: list[str] = []  # reserved calls that are to be settled
        self._last_report = time.monotonic()
        self._reporting = asyncio.Lock()
        self._task: asyncio.Task[bool] | None = None

    async def begin(self, prompt: Prompt) -> str | None:
        """Reserves a call. Raises SpendingCapReached and UnknownPrice when it may not be made, and Fault."""
        if not self._has_cap:
            return None
        id = new_id("call")
        try:
            await self._calls.reserve_call(
                CallReservation(id=id, input_tokens=most_tokens_of(prompt), max_tokens=prompt.max_tokens)
            )
        except BaseException:
            self._ended.append(id)  # it may have been reserved
            raise
        return id

    def add(self, use: ModelUse) -> None:
        """Counts the tokens of a call."""
        if self._price is not None:
            use = replace(use, amount=format_amount(self._price.amount_of(use)))
        self._uses = add_uses(*self._uses, use)

    def end(self, id: str | None) -> None:
        """Leaves a call to be settled with the next report."""
        if id is not None:
            self._ended.append(id)

    async def report_if_due(self) -> None:
        """Settles reserved calls; without them, reports in the background from time to time."""
        if self._ended:
            await self._try_to_report()
        elif time.monotonic() - self._last_report >= self._interval and (self._task is None or self._task.done()):
            self._task = asyncio.create_task(self._try_to_report())

    async def finish(self) -> None:
        """Reports what has not been reported, and tries for some seconds while the service cannot be reached."""
        for pause in self._pauses:
            if await self._try_to_report():
                return
            await self._sleep(pause)
        if not await self._try_to_report():
            log.error("the costs of %s could not be reported: %s", self._attempt, self._uses)

    async def _try_to_report(self) -> bool:
        """Returns False when it is worth another try."""
        async with self._reporting:
            uses, ended = self._uses, tuple(self._ended)
            if uses == self._reported and not ended:
                return True
            self._last_report = time.monotonic()
            try:
                await self._calls.report_costs(CostReport(attempt=self._attempt, models=uses, settles=ended))
            except Fault as fault:
                log.info("costs could not be reported: %s", fault.detail)
                return False
            except Refusal as refusal:  # it would be refused again
                log.error("the costs of %s are refused: %s", self._attempt, refusal.detail)
            self._reported = uses
            del self._ended[: len(ended)]
            return True


def most_tokens_of(prompt: Prompt) -> int:
    """Returns the most tokens that the prompt can have, for the reservation of its call."""
    schema = b"" if prompt.schema is None else msgspec.json.encode(prompt.schema)
    size = len(prompt.system.encode()) + len(prompt.user.encode()) + len(schema)
    return size + MESSAGE_TOKENS  # a token is a byte of UTF-8 at least; of English it is four
