"""The worker of a processor: takes runs from the bus, one message each, and brings every one of them to an end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Fault, Forbidden
from reyna.domain.event import DECODER as EVENT_DECODER
from reyna.domain.event import LIVE_SUBJECTS
from reyna.domain.ids import new_id
from reyna.domain.processing.model import RunModel
from reyna.domain.processing.processor import BEAT_SUBJECTS, Beat
from reyna.domain.processing.run import RUN_SUBJECTS, Work
from reyna.ports.bus import (
    RETRY_DELAYS_SECONDS,
    Bus,
    Delivery,
    ReceivedMessage,
    RetryLater,
    Subscription,
    retry_delay_seconds,
)
from reyna.ports.language import Language
from reyna.sdk.context import Context
from reyna.sdk.files.file_access import BusFiles
from reyna.sdk.language.attempt_costs import AttemptCosts
from reyna.sdk.language.chosen import ChosenLanguage
from reyna.sdk.processor import Processor
from reyna.sdk.progress import REPORT_INTERVAL_SECONDS, ProgressMessage, SendProgress
from reyna.sdk.prompts.rehearsal_service import RehearsalService
from reyna.sdk.run_attempt import Postponements, RunAttempt
from reyna.sdk.run_client import RunClient
from reyna.sdk.run_tokens import RunTokens, SignToken
from reyna.sdk.running_tasks import RunningTasks
from reyna.sdk.services import WorkerServices
from reyna.sdk.steps.durable_steps import StepStore

REDELIVERY_SECONDS: Final = 30.0  # without a sign of life, until the bus gives the run to another worker
OUTAGE_DELAYS_SECONDS: Final = (1.0, 2.0, 5.0)  # while a service is gone; the last one repeats
BEAT_INTERVAL_SECONDS: Final = 15.0  # after three missed beats the worker is taken for gone
STOP_GRACE_SECONDS: Final = 10.0  # in which runs under way may finish when the worker is stopped
WORK_DECODER: Final = msgspec.json.Decoder(Work)

log = logging.getLogger(__name__)


class Worker:
    """One copy of a processor; any number of copies share its runs.

    `sign` returns the processor's own token, with which it registers; on a run it acts with the token of that run.
    `defaults` are this installation's preferred settings, of which the processor takes those that it has; a user's
    settings come before them. `parallel` is the number of runs at a time. `open_model` opens the model that a run names
    instead of `language`. `retry_delays` are the seconds before each further attempt at a run that failed.
    """

    def __init__(
        self,
        processor: Processor[Any],
        bus: Bus,
        *,
        sign: SignToken,
        services: Callable[[SignToken], WorkerServices],
        language: Language | None = None,
        demonstration: bool = False,
        open_model: Callable[[RunModel], Awaitable[Language]] | None = None,
        defaults: dict[str, Any] | None = None,
        parallel: int = 4,
        patience: float = REDELIVERY_SECONDS,
        beat_every: float | None = None,
        report_every: float = REPORT_INTERVAL_SECONDS,
        retry_delays: Sequence[float] = RETRY_DELAYS_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.id = new_id("worker")
        self._processor, self._bus, self._language = processor, bus, language
        self._open_model, self._retry_delays, self._sleep = open_model, retry_delays, sleep
        self._demonstration = demonstration
        self._tokens = RunTokens(processor.id, sign)
        self._services = services(self._tokens.token_of)
        fields = processor.settings.__struct_fields__ if processor.settings else ()
        self._defaults = {field: value for field, value in (defaults or {}).items() if field in fields}
        self._parallel, self._patience, self._report_every = parallel, patience, report_every
        self._beat_every = beat_every or min(BEAT_INTERVAL_SECONDS, patience / 2)
        self._tasks, self._postponements = RunningTasks(processor), Postponements()
        self._rehearsals = RehearsalService(
            processor, bus, self._services.state, self._tokens, self._defaults, demonstration=demonstration
        )
        self._subscriptions: list[Subscription] = []

    async def start(self) -> None:
        """Registers the processor and begins to take runs. Raises Refusal when it is refused, Fault to try again."""
        await self._services.processors.registry.register(self._tokens.own_caller, self._processor.registration)
        beats = f"{BEAT_SUBJECTS}.{self._processor.id}"
        cancelled = f"{LIVE_SUBJECTS}.*.processor.cancelled.{self._processor.id}"
        self._subscriptions.append(await self._bus.publish_periodically(self._beat_every, beats, self._encode_beat))
        self._subscriptions.append(await self._bus.listen(cancelled, self._on_cancelled))
        self._subscriptions.append(await self._rehearsals.start())
        runs = await self._bus.subscribe(
            "RUNS",
            self._processor.id,
            f"{RUN_SUBJECTS}.{self._processor.id}.*",
            self._on_delivery,
            parallel=self._parallel,
            ack_wait=self._patience,
            keep_alive=True,
        )
        self._subscriptions.append(runs)

    async def stop(self, grace: float = STOP_GRACE_SECONDS) -> None:
        """Takes no new runs; those under way may finish within `grace` seconds, the others go to another worker."""
        stops = [asyncio.create_task(subscription.stop()) for subscription in reversed(self._subscriptions)]
        if not stops:
            return
        await asyncio.wait(stops, timeout=grace)
        self._tasks.stop()
        await asyncio.gather(*stops)

    def _encode_beat(self) -> bytes:
        """Called in another thread, so that a processor that blocks this one is not taken for gone."""
        beat = Beat(
            processor_id=self._processor.id,
            worker_id=self.id,
            busy=len(self._tasks),
            every=self._beat_every,
            parallel=self._parallel,
        )
        return msgspec.json.encode(beat)

    def _on_cancelled(self, received: ReceivedMessage) -> None:
        self._tasks.cancel(str(EVENT_DECODER.decode(received.body).data.get("run_id")))

    async def _on_delivery(self, delivery: Delivery) -> None:
        try:
            work = WORK_DECODER.decode(delivery.body)
        except msgspec.MsgspecError:
            log.exception("dropped what is no work: %r on %s", delivery.body[:200], delivery.subject)
            return
        if work.run_id in self._tokens:  # delivered again while it is under way here; by then it has ended
            raise RetryLater(self._patience)
        self._tokens.add(work)
        try:
            await self._new_attempt(work, delivery.attempt).run()
        except Fault as fault:  # a service is gone: the bus delivers it again for as long as it takes
            times = self._postponements.add(work.run_id)
            log.info("%s waits for a service: %s", work.run_id, fault.detail)
            raise RetryLater(retry_delay_seconds(times, OUTAGE_DELAYS_SECONDS)) from fault
        else:
            self._postponements.clear(work.run_id)
        finally:
            self._tokens.remove(work)

    def _new_attempt(self, work: Work, delivery_attempt: int) -> RunAttempt:
        return RunAttempt(
            self._processor,
            RunClient(self._services, self._tokens, work, self.id, self._processor.registration.version),
            self._tasks,
            self._postponements,
            work,
            delivery_attempt,
            open_context=self._open_context,
            defaults={} if self._demonstration and work.model is not None else self._defaults,
            elsewhere_delay=self._patience / 3,
            retry_delays=self._retry_delays,
            sleep=self._sleep,
        )

    def _open_context(
        self, settings: Any, work: Work, caller: Caller, steps: StepStore, costs: AttemptCosts
    ) -> Context[Any]:
        return Context(
            settings,
            language=self._language if work.model is None else ChosenLanguage(lambda: self._open_chosen(work)),
            caller=caller,
            state=self._services.state,
            files=BusFiles(self._services.state),
            send_progress=self._progress_sender(work),
            steps=steps,
            send_prompts=RunClient(self._services, self._tokens, work, self.id).put_prompts,
            costs=costs,
            report_interval=self._report_every,
            demonstration=self._demonstration and work.model is None,
        )

    async def _open_chosen(self, work: Work) -> Language:
        if self._open_model is None:
            raise Forbidden("This worker cannot use the models of users.")
        client = RunClient(self._services, self._tokens, work, self.id)
        return await self._open_model(await client.get_model())

    def _progress_sender(self, work: Work) -> SendProgress:
        subject = f"{LIVE_SUBJECTS}.{work.user_id}.processor.progress.{work.processor_id}"

        async def send(fraction: float, text: str | None) -> None:
            message = ProgressMessage(
                run_id=work.run_id, processor=work.processor_id, blob_id=work.blob_id, progress=fraction, text=text
            )
            try:
                await self._bus.publish_ephemeral(subject, msgspec.json.encode(message))
            except Fault as fault:  # the next report, or the result, contains more than this one
                log.info("no progress could be sent: %s", fault.detail)

        return send
