"""The worker of a user's own processor: registers it, claims its runs over HTTPS, and brings each of them to an end."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import Price
from reyna.domain.errors import Fault, NotFound, Refusal, RunningElsewhere
from reyna.domain.ids import new_id
from reyna.domain.processing.lease import MAX_CLAIM_WAIT_SECONDS, Claim, ClaimedRun
from reyna.domain.processing.processor import Processor as RegisteredProcessor
from reyna.domain.processing.run import ENDED, Work
from reyna.ports.bus import RetryLater
from reyna.ports.language import Language
from reyna.sdk.context import Context
from reyna.sdk.language.attempt_costs import AttemptCosts
from reyna.sdk.processor import Processor
from reyna.sdk.progress import SendProgress
from reyna.sdk.rest.beats import BeatThread
from reyna.sdk.rest.budgets import WorkerBudgets
from reyna.sdk.rest.rest_files import RestFiles
from reyna.sdk.rest.rest_run import RestRun, RestState
from reyna.sdk.rest.studio_client import StudioClient
from reyna.sdk.run_attempt import Postponements, RunAttempt
from reyna.sdk.running_tasks import RunningTasks
from reyna.sdk.steps.durable_steps import StepStore

CLAIM_TIMEOUT_SECONDS: Final = MAX_CLAIM_WAIT_SECONDS + 15.0
RECONNECT_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # while the studio is away
REPORT_INTERVAL_SECONDS: Final = 0.25  # between two reports of progress, each a request of its own
STOP_GRACE_SECONDS: Final = 10.0

log = logging.getLogger(__name__)


class RestWorker:
    """One copy of a processor that reaches its studio over HTTPS; any number of copies share its runs.

    `connect` returns a new client of the studio; `parallel` is the number of runs at a time. `defaults` are settings
    that give way to those of the user. `price` is that of the language model, which this worker pays itself: with it,
    no call is made that exceeds what is left of the user's spending cap.
    """

    def __init__(
        self,
        processor: Processor[Any],
        connect: Callable[[], StudioClient],
        *,
        language: Language | None = None,
        defaults: dict[str, Any] | None = None,
        parallel: int = 4,
        claim_wait: float = MAX_CLAIM_WAIT_SECONDS,
        price: Price | None = None,
    ) -> None:
        self.id = new_id("worker")
        self._processor, self._connect, self._language = processor, connect, language
        fields = processor.settings.__struct_fields__ if processor.settings else ()
        self._defaults = {field: value for field, value in (defaults or {}).items() if field in fields}
        self._slots, self._budgets = asyncio.Semaphore(parallel), WorkerBudgets(price)
        self._claim = Claim(worker=self.id, version=processor.registration.version, wait_seconds=claim_wait)
        self._tasks, self._postponements = RunningTasks(processor), Postponements()
        self._attempts: set[asyncio.Task[None]] = set()
        self._studio = connect()
        self._beats = BeatThread(connect, self.id, self._tasks.cancel)
        self._claiming: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Registers the processor and begins to claim runs. Raises Refusal when it is refused, Fault to try again."""
        await self._register()
        self._beats.start()
        self._claiming = asyncio.create_task(self._claim_runs(), name=f"claims of {self._processor.id}")

    async def stop(self, grace: float = STOP_GRACE_SECONDS) -> None:
        """Claims no new runs; those under way may finish within `grace` seconds, the others are given back."""
        if self._claiming is None:
            await self._studio.close()
            return
        self._claiming.cancel()
        with suppress(asyncio.CancelledError):
            await self._claiming
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=grace)
        self._tasks.stop()
        await asyncio.gather(*self._attempts)
        await self._beats.stop()
        await self._studio.close()

    async def _register(self) -> None:
        await self._studio.ask(RegisteredProcessor, "POST", "/processors", self._processor.registration)

    async def _claim_runs(self) -> None:
        failures = 0
        while True:
            await self._slots.acquire()
            try:
                claimed = await self._claim_one()
                failures = 0
            except (Fault, Refusal) as error:
                self._slots.release()
                pause = RECONNECT_SECONDS[min(failures, len(RECONNECT_SECONDS) - 1)]
                failures += 1
                log.warning("%s claims again in %s s: %s", self._processor.id, pause, error.detail)
                await asyncio.sleep(pause)
                continue
            except BaseException:
                self._slots.release()
                raise
            if claimed is None:
                self._slots.release()
                continue
            attempt = asyncio.create_task(self._work_on(claimed), name=claimed.run.id)
            self._attempts.add(attempt)
            attempt.add_done_callback(self._attempts.discard)

    async def _claim_one(self) -> ClaimedRun | None:
        path = f"/work/{self._processor.id}/claim"
        try:
            claimed: ClaimedRun | None = await self._studio.ask(
                ClaimedRun | None, "POST", path, self._claim, timeout=CLAIM_TIMEOUT_SECONDS
            )
        except NotFound:  # the processor was removed meanwhile
            await self._register()
            return None
        return claimed

    async def _work_on(self, claimed: ClaimedRun) -> None:
        run = claimed.run
        self._beats.add(run.id, claimed.token)
        try:
            await self._new_attempt(claimed).run()
        except RetryLater:  # the studio has the run back, and hands it out again
            pass
        except Fault as fault:
            log.warning("%s could not be reported, and begins again elsewhere: %s", run.id, fault.detail)
        except Exception:
            log.exception("the attempt at %s broke", run.id)
        finally:
            self._beats.remove(run.id)
            self._slots.release()

    def _new_attempt(self, claimed: ClaimedRun) -> RunAttempt:
        run, client = claimed.run, RestRun(self._studio, claimed, self.id, self._budgets)

        def open_context(
            settings: Any, work: Work, caller: Caller, steps: StepStore, costs: AttemptCosts
        ) -> Context[Any]:
            return Context(
                settings,
                language=self._language,
                caller=caller,
                state=RestState(self._studio, claimed.token),
                files=RestFiles(self._studio, claimed.token),
                send_progress=self._progress_sender(client, run.id),
                steps=steps,
                send_prompts=client.put_prompts,
                costs=costs,
                report_interval=REPORT_INTERVAL_SECONDS,
            )

        work = Work(
            run_id=run.id,
            user_id=run.user_id,
            processor_id=run.processor_id,
            blob_id=run.blob_id,
            blob_revision=run.blob_revision,
            settings=run.settings,
            token=claimed.token,
        )
        return RunAttempt(
            self._processor,
            client,
            self._tasks,
            self._postponements,
            work,
            run.failures + 1 + self._postponements.count(run.id),
            open_context=open_context,
            defaults=self._defaults,
            elsewhere_delay=0.0,
            retry_delays=None,
            price=self._budgets.price,
        )

    def _progress_sender(self, client: RestRun, run_id: str) -> SendProgress:
        async def send(fraction: float, text: str | None) -> None:
            try:
                has_ended = (await client.send_progress(fraction, text)).status in ENDED
            except RunningElsewhere as elsewhere:
                log.info("%s is not ours any more: %s", run_id, elsewhere.detail)
                has_ended = True
            except (Fault, Refusal) as error:  # the next report, or the result, contains more than this one
                log.info("no progress could be sent: %s", error.detail)
                return
            if has_ended:
                self._tasks.cancel(run_id)

        return send
