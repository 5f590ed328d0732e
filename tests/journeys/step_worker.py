"""A worker in a process of its own, whose processor has several steps; it stops still before the one that it is told.

Arguments: the number of the step before which it waits to be killed, and the file that lists the calls of the steps.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, Final

from reyna.adapters.nats.bus import NatsBus
from reyna.app.config import read_settings
from reyna.sdk import Blob, Context, Processor
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer

STEPS: Final = ("outline", "chapter 1", "chapter 2", "chapter 3")
REDELIVERY_SECONDS: Final = 3.0
book: Final = Processor("stepping", takes="text-input-v1", makes="text-input-v1", trigger="manual")


@book
async def write(blob: Blob, context: Context[None]) -> dict[str, Any]:
    stop_before, calls = int(sys.argv[1]), Path(sys.argv[2])
    texts = []
    for number, name in enumerate(STEPS):
        if number == stop_before:
            await _wait_to_be_killed(context, number)

        def call(name: str = name) -> str:
            with calls.open("a") as file:
                file.write(f"{name}\n")
            return f"[{name}]"

        texts.append(await context.step(name, call))
    if stop_before == len(STEPS):
        await _wait_to_be_killed(context, stop_before)
    return {"content": " ".join(texts)}


async def _wait_to_be_killed(context: Context[None], boundary: int) -> None:
    await context.progress(0.1 * boundary, f"at boundary {boundary}")
    await asyncio.Event().wait()


async def main() -> None:
    settings = read_settings(os.environ, Path.cwd())
    bus = await NatsBus.connect(os.environ["STEP_WORKER_NATS"], name="step worker")
    sign = Signer(settings.signing_secret()).sign
    services = lambda sign: connect_services(bus, sign)  # noqa: E731
    worker = Worker(book, bus, sign=sign, services=services, patience=REDELIVERY_SECONDS)
    await worker.start()
    print("step_worker is ready", flush=True)  # noqa: T201
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
