"""The workers of the library in a process of their own: prints when it is ready, and stops at Ctrl-C."""

import asyncio
import os
import signal
from pathlib import Path

from reyna.adapters.nats.bus import NatsBus
from reyna.adapters.openai.language import OpenAILanguage
from reyna.app import log
from reyna.app.config import read_settings
from reyna.library.book_compiler import book_compiler
from reyna.library.codex_proposer import codex_proposer
from reyna.library.research_assistant import research_assistant
from reyna.library.style_analysis import style_analyzer
from reyna.library.text_expansion.processor import text_expansion
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer

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
    workers = [
        Worker(
            processor,
            bus,
            sign=signer.sign,
            services=lambda sign: connect_services(bus, sign),
            language=language,
            patience=PATIENCE,
        )
        for processor in (text_expansion, style_analyzer, book_compiler, research_assistant, codex_proposer)
    ]
    for worker in workers:
        await worker.start()
    print("worker is ready", flush=True)  # noqa: T201 - the process that started it reads this
    await stopped.wait()
    await asyncio.gather(*(worker.stop(grace=0.0) for worker in workers))
    await language.close()
    await bus.close()


asyncio.run(main())
