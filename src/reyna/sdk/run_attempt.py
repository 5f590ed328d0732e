"""One attempt of a worker at a run: claim it, run the processor, and report how it ended."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.costs.cost import CostReport, Price
from reyna.domain.costs.spending import CallReservation
from reyna.domain.errors import (
    Conflict,
    Fault,
    NotFound,
    NotSignedIn,
    Refusal,
    RunningElsewhere,
    SpendingCapReached,
    StoringOutputs,
    TooMuch,
    UnknownPrice,
)
from reyna.domain.ids import new_id
from reyna.domain.processing.run import Cost, Output, Work
from reyna.domain.processing.step import RunStep
from reyna.ports.bus import RETRY_DELAYS_SECONDS, RetryLater, retry_delay_seconds
from reyna.ports.language import EndpointFault, EndpointUnavailable, UnusableAnswer
from reyna.sdk.context import Context
from reyna.sdk.language.attempt_costs import AttemptCosts
from reyna.sdk.processor import InvalidOutput, Processor, Refuse, Retry
from reyna.sdk.running_tasks import RunCancelled, RunningTasks
from reyna.sdk.steps.durable_steps import StepStore

MAX_FAILED_ATTEMPTS: Final = len(RETRY_DELAYS_SECONDS) + 1  # by default, after which a run is given up
MAX_POSTPONED_SECONDS: Final = 3_600.0  # at a time, whatever an endpoint asks for
MAX_POSTPONEMENTS: Final = 50  # deliveries of a run that may be postponed before that counts as failing
MAX_FINAL_REPORTS: Final = 10  # of one failure, while its outputs may still be stored, which is settled within 30 s
POSTPONED_TOO_OFTEN: Final = f"The processor postponed it {MAX_POSTPONEMENTS} times, more than is allowed."

log = logging.getLogger(__name__)


class Postponements:
    """Counts, for each run, the deliveries that were postponed without a failure. A restarted worker begins at zero."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, int] = defaultdict(int)

    def count(self, run_id: str) -> int:
        return self._counts.get(run_id, 0)

    def add(self, run_id: str) -> int:
        """Counts one more, and returns how many there were."""
        self._counts[run_id] += 1
        return self._counts[run_id]

    def clear(self, run_id: str) -> None:
        self._counts.pop(run_id, None)


class RunCalls(Protocol):
    """The calls of an attempt about its run: over the bus, or over HTTPS."""

    caller: Caller
    has_spending_cap: bool

    async def claim(self) -> None: ...

    async def release(self, seconds: float, reason: str | None) -> None: ...

    async def get_blob(self) -> Blob: ...

    async def get_step(self, name: str, blob_revision: int) -> RunStep | None: ...

    async def put_step(self, name: str, result: Any, cost: Cost, blob_revision: int) -> RunStep: ...

    async def reserve_call(self, call: CallReservation) -> None: ...

    async def report_costs(self, report: CostReport) -> None: ...

    async def check_outputs(self, outputs: list[Output], default_schema_id: str) -> None: ...

    async def complete(self, outputs: list[Output], cost: Cost, blob_revision: int) -> None: ...

    async def refuse(self, reason: str) -> None: ...

    async def fail(self, reason: str, *, final: bool) -> None: ...


class AttemptSteps:
    """The stored steps of one attempt: those of the revision of the blob that it has read."""

    def __init__(self, client: RunCalls, blob_revision: int) -> None:
        self._client, self._blob_revision = client, blob_revision

    async def get(self, name: str) -> RunStep | None:
        return await self._client.get_step(name, self._blob_revision)

    async def put(self, name: str, result: Any, cost: Cost) -> RunStep:
        return await self._client.put_step(name, result, cost, self._blob_revision)


class RunAttempt:
    """One attempt at one run.

    `delivery_attempt` counts the deliveries of its message; `open_context` returns the context for these settings, this
    caller, these stored steps and these costs; `defaults` are settings that give way to those of the run;
    `elsewhere_delay` is the time in seconds after which a run that another worker holds is tried again, `retry_delays`
    those before each further attempt at one that failed, None where the studio decides if there is one; `price` is that
    of a model which the worker pays itself.
    """

    def __init__(
        self,
        processor: Processor[Any],
        client: RunCalls,
        tasks: RunningTasks,
        postponements: Postponements,
        work: Work,
        delivery_attempt: int,
        *,
        open_context: Callable[[Any, Work, Caller, StepStore, AttemptCosts], Context[Any]],
        defaults: dict[str, Any],
        elsewhere_delay: float,
        retry_delays: Sequence[float] | None = RETRY_DELAYS_SECONDS,
        price: Price | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._processor, self._client, self._tasks, self._postponements = processor, client, tasks, postponements
        self._work, self._run_id, self._delivery_attempt = work, work.run_id, delivery_attempt
        self._open_context, self._defaults, self._elsewhere_delay = open_context, defaults, elsewhere_delay
        self._retry_delays = retry_delays
        self._context: Context[Any] | None = None
        self._price, self._sleep = price, sleep

    async def run(self) -> None:
        """Returns when the run has ended, here or elsewhere.

        Raises RetryLater to be delivered again, and Fault when a service is gone.
        """
        try:
            await self._client.claim()
            await self._execute_or_release()
        except RunningElsewhere:  # it is ours when that worker is lost; otherwise it will have ended
            self._postponements.add(self._run_id)
            raise RetryLater(self._elsewhere_delay) from None
        except Conflict as conflict:
            log.info("%s is not ours to do: %s", self._run_id, conflict.detail)
        except NotFound:
            log.warning("%s does not exist any more and is dropped", self._run_id)
        except Refusal as refusal:
            log.error("%s waits, since a call of its worker is refused: %s", self._run_id, refusal.detail)
            raise RetryLater(retry_delay_seconds(self._delivery_attempt)) from refusal

    async def _execute_or_release(self) -> None:
        try:
            await self._execute()
        except RetryLater as later:  # this worker does not go on with it now: another may
            await self._client.release(later.seconds, _reason_of(later))
            raise
        except Fault:
            await self._client.release(0.0, None)
            raise

    async def _execute(self) -> None:
        try:
            settings = self._processor.settings_from(self._defaults | self._work.settings)
            blob = await self._client.get_blob()
        except Refuse as refusal:
            return await self._client.refuse(refusal.reason)
        except NotFound:
            return await self._client.refuse("The note does not exist any more.")
        try:
            await self._make_and_complete(blob, settings)
        except RunningElsewhere:  # its message belongs to that worker, and is not to be acknowledged here
            raise
        except (RunCancelled, Conflict) as ended:
            log.info("%s has ended meanwhile: %s", self._run_id, ended)
        except (RetryLater, NotSignedIn):  # with a token that ran out in the middle of it the work begins anew
            raise
        except Exception as error:
            await self._report(error)

    async def _report(self, error: Exception) -> None:
        """Ends the run, or raises RetryLater where another attempt follows."""
        match error:
            case Retry():
                await self._postpone(error.after, error, otherwise=POSTPONED_TOO_OFTEN)
            case Refuse():
                await self._client.refuse(error.reason)
            case InvalidOutput():
                await self._fail(error.reason, final=True)
            case TooMuch() if "retry_after" in error.facts:  # the quota or rate allows more later
                await self._postpone(float(error.facts["retry_after"]), error, otherwise=error.detail)
            case UnusableAnswer() | SpendingCapReached() | UnknownPrice():
                await self._client.refuse(error.detail)
            case Refusal():
                await self._fail(error.detail, final=True)
            case Fault():
                await self._report_fault(error)
            case _:
                id = new_id("fault")
                log.error("%s failed (%s)", self._run_id, id, exc_info=error)
                await self._fail_and_retry(f"Something broke in {self._processor.id} ({id}).")

    async def _report_fault(self, fault: Fault) -> None:
        """Ends the run if this was its last attempt. Raises RetryLater."""
        of_model = self._context.language.fault if self._context is not None else None
        match fault:
            case EndpointFault(retry_after=float(seconds)):  # it is busy, and says for how long
                return await self._postpone(min(seconds, MAX_POSTPONED_SECONDS), fault, otherwise=fault.detail)
            case EndpointUnavailable() if of_model is None:  # no attempt was made
                return await self._postpone(fault.retry_after, fault, otherwise=fault.detail)
            case EndpointUnavailable() if of_model is not None:  # it was asked, and has failed
                fault = of_model
        log.warning("%s failed: %s", self._run_id, fault.detail)
        return await self._fail_and_retry(fault.detail)

    async def _make_and_complete(self, blob: Blob, settings: Any) -> None:
        if blob.revision != self._work.blob_revision:
            log.info("%s works on revision %d of %s", self._run_id, blob.revision, blob.id)
        steps = AttemptSteps(self._client, blob.revision)
        costs = AttemptCosts(self._client, has_cap=self._client.has_spending_cap, price=self._price)
        context = self._open_context(settings, self._work, self._client.caller, steps, costs)
        self._context = context
        try:
            outputs = await self._tasks.run(self._run_id, blob, context)
        finally:  # what a failed or cancelled attempt has used is paid as well
            await costs.finish()
        await self._client.check_outputs(outputs, self._processor.makes)
        await self._client.complete(outputs, context.cost, blob.revision)

    async def _postpone(self, seconds: float, cause: Exception, *, otherwise: str) -> None:
        """Raises RetryLater; after too many postponements, the run fails for the reason `otherwise`."""
        if self._postponements.add(self._run_id) <= MAX_POSTPONEMENTS:
            raise RetryLater(seconds) from cause
        await self._fail(otherwise, final=True)

    async def _fail_and_retry(self, reason: str) -> None:
        failures = self._delivery_attempt - self._postponements.count(self._run_id)
        final = self._retry_delays is not None and failures > len(self._retry_delays)
        delay = 0.0 if final or not self._retry_delays else retry_delay_seconds(failures, self._retry_delays)
        try:
            has_failed = await self._fail(reason, final=final)
        except StoringOutputs as storing:  # it has failed all the same: one that stalls each time is given up, too
            raise RetryLater(max(delay, storing.RETRY_AFTER_SECONDS)) from storing
        if has_failed and not final:
            raise RetryLater(delay)

    async def _fail(self, reason: str, *, final: bool) -> bool:
        """Reports the failure; returns False when the run had ended already.

        For good it fails only once it is known that its outputs were not stored. Raises StoringOutputs.
        """
        for times in range(1, MAX_FINAL_REPORTS + 1):
            try:
                await self._client.fail(reason, final=final)
            except StoringOutputs as storing:
                if not final or times == MAX_FINAL_REPORTS:
                    raise
                await self._sleep(storing.RETRY_AFTER_SECONDS)
            except RunningElsewhere:
                raise
            except Conflict as conflict:
                log.info("%s has ended meanwhile: %s", self._run_id, conflict.detail)
                return False
            else:
                return True
        return False


def _reason_of(later: RetryLater) -> str | None:
    """Returns the reason for which a run waits, in words for its user."""
    match later.__cause__:
        case Retry():
            return f"The processor postponed it for {later.seconds:g} s."
        case Refusal(detail=detail) | Fault(detail=detail):
            return detail
    return None
