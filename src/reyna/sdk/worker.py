"""A processor at work: takes runs from the bus, one message each, and brings every one of them to an end."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.caller import HOUSE, Caller
from reyna.domain.errors import Conflict, Fault, Refusal
from reyna.domain.event import DECODER as EVENTS
from reyna.domain.event import LIVE_SUBJECTS
from reyna.domain.ids import new_id
from reyna.domain.processor import Beat
from reyna.domain.run import RUN_SUBJECTS, Output, Work
from reyna.ports import Bus, Delivery, Heard, Language, Later, Subscription, again_after
from reyna.sdk.context import EVERY, Context, Tell
from reyna.sdk.neighbours import Neighbours, Passes
from reyna.sdk.processor import Processor, Refuse, Retry

ATTEMPTS: Final = 5  # failures after which a run is given up
WAITS: Final = 50  # times a run may ask to come later, or find a service gone, before that counts as failing
PATIENCE: Final = 30.0  # seconds without a sign of life until the bus hands the run to another worker
BEAT: Final = 15.0  # seconds between two beats; three missed ones and the worker is taken for gone
GRACE: Final = 10.0  # seconds that runs under way get to finish when the worker is stopped
BEAT_SUBJECTS: Final = "reyna.beat"
WORKS: Final = msgspec.json.Decoder(Work)

log = logging.getLogger(__name__)


class Worker:
    """One copy of a processor; any number of copies share its runs.

    `sign` gives the processor's own pass, with which it registers; on a run it acts with the pass of that run.
    `defaults` are settings that this installation prefers, those that the processor has; a user's come before them.
    """

    def __init__(
        self,
        processor: Processor[Any],
        bus: Bus,
        *,
        sign: Passes,
        neighbours: Callable[[Passes], Neighbours],
        language: Language | None = None,
        defaults: dict[str, Any] | None = None,
        parallel: int = 4,
        patience: float = PATIENCE,
        beat_every: float = BEAT,
        report_every: float = EVERY,
    ) -> None:
        self.id = new_id("worker")
        self._processor, self._bus, self._language = processor, bus, language
        self._sign, self._neighbours = sign, neighbours(self._pass)
        known = processor.settings.__struct_fields__ if processor.settings else ()
        self._defaults, self._parallel = {k: v for k, v in (defaults or {}).items() if k in known}, parallel
        self._patience, self._beat_every, self._report_every = patience, beat_every, report_every
        self._tokens: dict[str, str] = {}  # by run
        self._running: dict[str, _Running] = {}  # by run
        self._waits: dict[str, int] = {}  # by run: deliveries that were no failure; a restarted worker begins anew
        self._subscriptions: list[Subscription] = []
        self._beats: asyncio.Task[None] | None = None
        self._stopping = False

    async def start(self) -> None:
        """Registers the processor and begins to take runs. Raises Refusal when it is not taken, Fault to try again."""
        caller = Caller(user_id=HOUSE, kind="processor", processor_id=self._processor.id)
        await self._neighbours.processors.register(caller, self._processor.registration)
        cancelled = f"{LIVE_SUBJECTS}.*.processor.cancelled.{self._processor.id}"
        self._subscriptions.append(await self._bus.listen(cancelled, self._hear_cancelled))
        runs = await self._bus.subscribe(
            "RUNS",
            self._processor.id,
            f"{RUN_SUBJECTS}.{self._processor.id}.*",
            self._handle,
            parallel=self._parallel,
            patience=self._patience,
        )
        self._subscriptions.append(runs)
        self._beats = asyncio.create_task(self._beat())

    async def stop(self, grace: float = GRACE) -> None:
        """No new runs; those under way may finish within `grace` seconds, the others go to another worker."""
        if self._beats is not None:
            self._beats.cancel()
            await asyncio.wait([self._beats])
        stops = [asyncio.create_task(subscription.stop()) for subscription in reversed(self._subscriptions)]
        if not stops:
            return
        _, late = await asyncio.wait(stops, timeout=grace)
        self._stopping = True
        for running in list(self._running.values()) if late else ():
            running.task.cancel()
        await asyncio.gather(*stops)

    def _pass(self, caller: Caller) -> str:
        return self._tokens[caller.run_id] if caller.run_id else self._sign(caller)

    async def _beat(self) -> None:
        while True:
            beat = Beat(processor_id=self._processor.id, worker_id=self.id, busy=len(self._running))
            try:
                await self._bus.tell(f"{BEAT_SUBJECTS}.{self._processor.id}", msgspec.json.encode(beat))
            except Fault as fault:
                log.warning("no beat could be sent: %s", fault.detail)
            await asyncio.sleep(self._beat_every)

    def _hear_cancelled(self, heard: Heard) -> None:
        run_id = EVENTS.decode(heard.body).data.get("run_id")
        if running := self._running.get(str(run_id)):
            running.context.cancelled = True
            running.task.cancel()

    # --- one run, from its message to its end ---

    async def _handle(self, delivery: Delivery) -> None:
        try:
            work = WORKS.decode(delivery.body)
        except msgspec.MsgspecError:
            log.exception("dropped what is no work: %r on %s", delivery.body[:200], delivery.subject)
            return
        if work.run_id in self._tokens:  # taken for lost while we are at it; by then it has ended
            raise Later(self._patience)
        self._tokens[work.run_id] = work.token
        alive = asyncio.create_task(self._stay_alive(delivery))
        try:
            await self._claim_and_work(work, delivery)
        except Fault:  # a service is gone: the bus comes again for as long as it takes
            self._wait_again(work)
            raise
        else:
            self._waits.pop(work.run_id, None)
        finally:
            alive.cancel()
            del self._tokens[work.run_id]

    async def _stay_alive(self, delivery: Delivery) -> None:
        while True:
            await asyncio.sleep(self._patience / 3)
            try:
                await delivery.in_progress()
            except Fault as fault:
                log.warning("no sign of life could be sent: %s", fault.detail)

    async def _claim_and_work(self, work: Work, delivery: Delivery) -> None:
        """Returns when the run has ended, by whoever; raises Later to try again, a Fault when a service is gone."""
        caller = Caller(user_id=work.user_id, kind="processor", processor_id=work.processor_id, run_id=work.run_id)
        try:
            await self._neighbours.processors.claim(caller, work.run_id, delivery.attempt)
        except Conflict as gone:
            log.info("%s is not ours to do: %s", work.run_id, gone.detail)
        except Refusal as refusal:
            log.warning("%s cannot be claimed and is dropped: %s", work.run_id, refusal.detail)
        else:
            await self._work(work, caller, delivery.attempt)

    async def _work(self, work: Work, caller: Caller, attempt: int) -> None:
        try:
            settings = self._processor.settings_from(self._defaults | work.settings)
            blob = await self._neighbours.content.blob(caller, work.blob_id)
        except (Refuse, Refusal) as refusal:
            await self._refused(work, caller, refusal)
            return
        try:
            await self._make_and_complete(work, caller, blob, settings)
        except _Cancelled:
            log.info("%s was cancelled", work.run_id)
        except Conflict as gone:
            log.info("%s has ended meanwhile: %s", work.run_id, gone.detail)
        except Later:
            raise
        except Retry as retry:
            if self._wait_again(work) <= WAITS:
                raise Later(retry.after) from retry
            await self._failed(work, caller, f"It asked to wait {WAITS} times.", final=True)
        except (Refuse, Refusal) as refusal:
            await self._refused(work, caller, refusal)
        except Fault as fault:
            log.warning("%s failed: %s", work.run_id, fault.detail)
            await self._try_again(work, caller, attempt, fault.detail)
        except Exception:
            id = new_id("fault")
            log.exception("%s failed (%s)", work.run_id, id)
            await self._try_again(work, caller, attempt, f"Something broke in {self._processor.id} ({id}).")

    async def _make_and_complete(self, work: Work, caller: Caller, blob: Blob, settings: Any) -> None:
        if blob.revision != work.blob_revision:
            log.info("%s works on revision %d of %s", work.run_id, blob.revision, blob.id)
        context = Context(
            settings,
            language=self._language,
            caller=caller,
            content=self._neighbours.content,
            tell=self._telling(work),
            every=self._report_every,
        )
        outputs = await self._run(work, blob, context)
        await self._check(caller, outputs)
        await self._neighbours.processors.complete(caller, work.run_id, outputs, context.cost, blob.revision)

    async def _run(self, work: Work, blob: Blob, context: Context[Any]) -> list[Output]:
        if self._stopping:
            raise Later(0.0)
        task = asyncio.create_task(self._processor.run(blob, context))
        self._running[work.run_id] = _Running(context, task)
        try:
            return await task
        except asyncio.CancelledError:
            if context.cancelled:
                raise _Cancelled from None
            if self._stopping:
                raise Later(0.0) from None
            if task.cancelled() and not _is_being_cancelled():
                raise Fault(f"{self._processor.id} cancelled itself.") from None
            task.cancel()
            raise
        finally:
            del self._running[work.run_id]
            await context.reports.finish(send=not context.cancelled)

    async def _check(self, caller: Caller, outputs: list[Output]) -> None:
        """What does not fit its schema is a fault of the processor, found before anything is stored."""
        for output in outputs:
            schema_id = output.schema_id or self._processor.makes
            verdict = await self._neighbours.schemas.validate(caller, schema_id, output.data)
            if not verdict.valid:
                wrong = "; ".join(f"{error.path}: {error.message}" for error in verdict.errors[:3])
                raise Fault(f"{self._processor.id} made what does not fit {schema_id}: {wrong}")

    def _telling(self, work: Work) -> Tell:
        subject = f"{LIVE_SUBJECTS}.{work.user_id}.processor.progress.{work.processor_id}"

        async def tell(fraction: float, text: str | None) -> None:
            report = Progress(
                run_id=work.run_id, processor=work.processor_id, blob_id=work.blob_id, progress=fraction, text=text
            )
            try:
                await self._bus.tell(subject, msgspec.json.encode(report))
            except Fault as fault:  # the next report, or the result, says more than this one
                log.info("no progress could be told: %s", fault.detail)

        return tell

    # --- how a run ends otherwise ---

    async def _refused(self, work: Work, caller: Caller, refusal: Refuse | Refusal) -> None:
        reason = refusal.reason if isinstance(refusal, Refuse) else refusal.detail
        with suppress(Conflict):  # it has ended meanwhile
            await self._neighbours.processors.refuse(caller, work.run_id, reason)

    async def _try_again(self, work: Work, caller: Caller, attempt: int, reason: str) -> None:
        failures = attempt - self._waits.get(work.run_id, 0)
        final = failures >= ATTEMPTS
        if await self._failed(work, caller, reason, final=final) and not final:
            raise Later(again_after(failures))

    async def _failed(self, work: Work, caller: Caller, reason: str, *, final: bool) -> bool:
        """Notes the failure; says whether the run had not ended already."""
        try:
            await self._neighbours.processors.fail(caller, work.run_id, reason, final)
        except Conflict as gone:
            log.info("%s has ended meanwhile: %s", work.run_id, gone.detail)
            return False
        return True

    def _wait_again(self, work: Work) -> int:
        """Notes a delivery that was no failure, and says how many there were."""
        self._waits[work.run_id] = self._waits.get(work.run_id, 0) + 1
        return self._waits[work.run_id]


class Progress(msgspec.Struct, frozen=True):
    """What a user's devices hear while a run is under way; `text` is all of it so far."""

    run_id: str
    processor: str
    blob_id: str
    progress: float
    text: str | None


class _Running(msgspec.Struct, frozen=True):
    context: Context[Any]
    task: asyncio.Task[list[Output]]


class _Cancelled(Exception):
    """The user no longer wants this run."""


def _is_being_cancelled() -> bool:
    """Whether someone cancels the task that we are in, and not only the one that we wait for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
