"""A worker for text expansion in a process of its own; it says when it is ready, and Ctrl-C stops it."""

import asyncio
import os
import signal
from pathlib import Path

from reyna import log
from reyna.adapters.nats import NatsBus
from reyna.adapters.openai import OpenAILanguage
from reyna.config import read_settings
from reyna.library.text_expansion import text_expansion
from reyna.rpc import Signer
from reyna.sdk.neighbours import over
from reyna.sdk.worker import Worker

PATIENCE = 3.0  # seconds until the run of a killed worker goes to another; a test has no time for the usual 30


async def main() -> None:
    settings = read_settings(os.environ, Path.cwd())
    log.configure(settings.log_level, settings.log_format)
    assert settings.nats_url and settings.llm_url and settings.llm_model
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)
    bus = await NatsBus.connect(settings.nats_url, name="worker")
    language = OpenAILanguage(settings.llm_url, settings.llm_key, settings.llm_model)
    signer = Signer(settings.signing_secret())
    worker = Worker(
        text_expansion,
        bus,
        sign=signer.sign,
        neighbours=lambda passes: over(bus, passes),
        language=language,
        patience=PATIENCE,
    )
    await worker.start()
    print("worker is ready", flush=True)  # noqa: T201 - whoever started us listens
    await stopped.wait()
    await worker.stop(grace=0.0)
    await language.close()
    await bus.close()


asyncio.run(main())
