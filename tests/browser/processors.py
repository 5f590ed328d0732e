"""Processors that run beside the application of the browser tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any, Final, Literal

import msgspec

from reyna.adapters.nats.bus import NatsBus
from reyna.app.config import read_settings
from reyna.sdk import Blob, Context, Processor, Refuse
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer
from tests.journeys.application import Application

FORBIDDEN: Final = "forbidden"  # a note with this word is refused
BROKEN: Final = "broken"  # the output for a note with this word fits no schema


class ToneSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    depth: Annotated[int, msgspec.Meta(ge=1, le=5, description="How closely it reads")] = 2
    mood: Literal["calm", "harsh"] = "calm"
    signature: Annotated[str, msgspec.Meta(pattern="^[A-Z]", description="Begins with a capital letter")] = "Reader"
    is_strict: bool = False
    leave_out: list[str] = []


tone: Final = Processor(
    "tone-reader",
    takes="text-input-v1",
    makes="style-analysis-v1",
    settings=ToneSettings,
    name="Tone reader",
    description="Reads a note and says how it sounds.",
    version="1.2.0",
)


@tone
def read_tone(blob: Blob, context: Context[ToneSettings]) -> dict[str, Any]:
    content = blob.data["content"]
    if FORBIDDEN in content:
        raise Refuse("This note must not be read.")
    if BROKEN in content:
        return {"words": "many"}
    return {
        "metrics": {"words": len(content.split()), "sentences": 1, "reading_ease": 71.25},
        "tone": context.settings.mood,
        "suggestions": ["Shorten the second sentence.", "Say who was asleep."],
    }


waiting: Final = Processor(
    "slow-reader", takes="text-input-v1", makes="style-analysis-v1", name="Slow reader", trigger="manual"
)


@waiting
async def wait(blob: Blob, context: Context[None]) -> dict[str, Any]:
    await context.progress(0.4, "The mighty vessel")
    await asyncio.Event().wait()
    return {}


@asynccontextmanager
async def running_workers(application: Application) -> AsyncIterator[None]:
    """Runs a worker for each of these processors beside the application."""
    settings = read_settings(application.environment, application.folder)
    bus = await NatsBus.connect(application.nats_url, name="browser-tests")
    sign = Signer(settings.signing_secret()).sign
    workers = [
        Worker(processor, bus, sign=sign, services=lambda sign: connect_services(bus, sign))
        for processor in (tone, waiting)
    ]
    for worker in workers:
        await worker.start()
    yield
    for worker in workers:
        await worker.stop(grace=0)
    await bus.close()
