"""A worker that has a credential of its own: it knows no secret of the installation."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from reyna.adapters.nats.bus import NatsBus
from reyna.app.credentials.credential import WorkerCredential
from reyna.app.credentials.permissions import inbox_prefix_of, user_name_of
from reyna.domain.errors import CannotStart
from reyna.ports.bus import RETRY_DELAYS_SECONDS
from reyna.ports.language import Language
from reyna.sdk.command.loading import load_processor
from reyna.sdk.command.running import stop_event
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import retry_until_served


async def run_worker(
    credential: WorkerCredential,
    name: str,
    *,
    parallel: int,
    language: AbstractAsyncContextManager[Language | None],
    retry_delays: Sequence[float] = RETRY_DELAYS_SECONDS,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Runs the processor at `module:name` until SIGINT or SIGTERM. Raises CannotStart, Fault and Refusal."""
    processor, stop = load_processor(name), stop_event()
    if processor.id != credential.processor_id:
        raise CannotStart(f"{name} is {processor.id}, and this is the credential of {credential.processor_id}.")
    inboxes = inbox_prefix_of(user_name_of(processor.id))
    async with AsyncExitStack() as stack:
        bus = await NatsBus.connect(credential.nats_url, name=f"worker of {processor.id}", own_inboxes=inboxes)
        stack.push_async_callback(bus.close)
        worker = Worker(
            processor,
            bus,
            sign=lambda caller: credential.token,
            services=lambda sign: connect_services(bus, sign),
            language=await stack.enter_async_context(language),
            parallel=parallel,
            retry_delays=retry_delays,
        )
        await retry_until_served(worker.start)
        stack.push_async_callback(worker.stop)
        ready()
        await stop.wait()
