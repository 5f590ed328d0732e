"""Workers that reach their studio over HTTPS, with an address and a token: they need neither NATS nor a secret."""

import asyncio
import logging
import math
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Final

from reyna.domain.costs.cost import Price
from reyna.domain.errors import CannotStart, Fault
from reyna.ports.language import Language
from reyna.sdk.command.loading import load_processor
from reyna.sdk.rest.rest_worker import RestWorker
from reyna.sdk.rest.studio_client import StudioClient

URL_VARIABLE: Final = "REYNA_URL"
TOKEN_VARIABLE: Final = "REYNA_TOKEN"  # noqa: S105 - the name of a variable
BUS_VARIABLES: Final = ("REYNA_NATS_URL", "REYNA_SECRET")
PRICE_VARIABLES: Final = ("REYNA_LLM_PRICE_INPUT", "REYNA_LLM_PRICE_OUTPUT")
START_PAUSES_SECONDS: Final = (1.0, 2.0, 5.0, 10.0)  # while the studio cannot be reached; the last one repeats

log = logging.getLogger(__name__)


def studio_address(url: str | None, environment: Mapping[str, str]) -> tuple[str, str] | None:
    """Returns the address and the token of the studio, or None where its workers are to use NATS."""
    bus_variable = next((name for name in BUS_VARIABLES if environment.get(name)), None)
    if url is None and bus_variable is not None and environment.get(URL_VARIABLE):
        log.warning("%s is ignored, since %s is set: unset that, or give --url", URL_VARIABLE, bus_variable)
    address = url or (None if bus_variable else environment.get(URL_VARIABLE))
    return (address, environment.get(TOKEN_VARIABLE, "")) if address else None


def price_of_model(environment: Mapping[str, str]) -> Price | None:
    """Returns the price of the worker's model, in US dollars for a million tokens, if it is set. Raises CannotStart."""
    given = {name: environment.get(name) for name in PRICE_VARIABLES}
    if not any(given.values()):
        return None
    prices = list[float]()
    for name, text in given.items():
        try:
            prices.append(float(text or ""))
        except ValueError:
            prices.append(-1.0)
        if not 0 <= prices[-1] < math.inf:
            raise CannotStart(f"{name} must be a number of US dollars for a million tokens, beside the other price.")
    return Price(*prices)


def stop_event() -> asyncio.Event:
    """Returns an event that SIGINT and SIGTERM set from now on."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C raises KeyboardInterrupt instead
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def run_rest_workers(
    address: str,
    token: str,
    names: Sequence[str],
    *,
    parallel: int,
    language: AbstractAsyncContextManager[Language | None] | None = None,
    price: Price | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Runs a worker for each of these processors until SIGINT or SIGTERM; all share the language model.

    Raises CannotStart and Refusal.
    """
    stop = stop_event()
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(language) if language else None
        for name in names:
            worker = RestWorker(
                load_processor(name),
                lambda: StudioClient(address, token),
                language=model,
                parallel=parallel,
                price=price,
            )
            stack.push_async_callback(worker.stop)
            if not await _start(worker, stop):
                return
        ready()
        await stop.wait()


async def _start(worker: RestWorker, stop: asyncio.Event) -> bool:
    """Starts the worker as soon as the studio can be reached; returns False when it is to stop before."""
    for attempt in range(1_000_000):
        try:
            await worker.start()
        except Fault as fault:
            pause = START_PAUSES_SECONDS[min(attempt, len(START_PAUSES_SECONDS) - 1)]
            log.warning("tries again in %s s: %s", pause, fault.detail)
            stopped = asyncio.create_task(stop.wait())
            done, _ = await asyncio.wait([stopped], timeout=pause)
            stopped.cancel()
            if done:
                return False
        else:
            return True
    return False
