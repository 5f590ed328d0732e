"""The house with its doors open, and workers beside it, until they are told to stop."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

from reyna.config import Settings
from reyna.embedded.listening import require_free
from reyna.main import LIBRARY, SERVICES, House, asking, connected, hire, raised
from reyna.opening import close_doors, open_door
from reyna.rpc import Signer

LOG: Final = logging.getLogger(__name__)
COLLECT: Final = (20_000, 20, 50)  # allocations, and rounds of the younger generations: a burst of notes is no garbage
SWITCH: Final = 0.0005  # seconds that a thread may keep the interpreter while the loop waits for it
FILES: Final = 65_536  # that may be open: each device is one, and the usual 1,024 are soon used up
MAC_FILES: Final = 10_240  # what macOS may refuse to go beyond (OPEN_MAX), whatever limit it tells
FEW: Final = 1_000  # open files with which a house of many devices comes to its end


def _told_to_stop() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def ports_of(settings: Settings) -> dict[str, int]:
    return {
        "schemas": settings.schemas_port,
        "state": settings.state_port,
        "processors": settings.processors_port,
        "studio": settings.port,
    }


async def work(
    settings: Settings,
    names: Sequence[str],
    *,
    parallel: int,
    defaults: Mapping[str, Any],
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Workers for these processors beside a running studio, until told to stop (SIGINT, SIGTERM)."""
    stop = _told_to_stop()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(connected(settings))
        language = await asking(stack, settings.llm_url or "", settings.llm_key, settings.llm_model or "")
        signer = Signer(settings.signing_secret())
        await hire(bus, signer, language, stack, names, parallel=parallel, defaults=defaults)
        ready()
        await stop.wait()


async def open_house(
    settings: Settings,
    services: Sequence[str] = SERVICES,
    library: Sequence[str] = LIBRARY,
    *,
    ready: Callable[[House], None] = lambda house: None,
) -> None:
    """The house with its doors open, until it is told to stop (SIGINT, SIGTERM)."""
    stop = _told_to_stop()
    ports = ports_of(settings)
    for name in services:
        require_free(settings.host, ports[name])
    stopped = asyncio.create_task(stop.wait())
    opened = asyncio.Event()

    def all_open(home: House) -> None:
        opened.set()
        ready(home)

    raising = asyncio.create_task(_serve_until(stopped, settings, services, library, all_open))
    try:
        await asyncio.wait([raising, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not opened.is_set():  # told to stop while still starting
            raising.cancel()
        await asyncio.gather(raising, return_exceptions=not opened.is_set() and stopped.done())
    finally:
        stopped.cancel()


async def _serve_until(
    stopped: asyncio.Task[Any],
    settings: Settings,
    services: Sequence[str],
    library: Sequence[str],
    ready: Callable[[House], None],
) -> None:
    async with raised(settings, services, library) as home:
        ports = ports_of(settings)
        doors = [await open_door(home.doors[name], settings.host, ports[name]) for name in services]
        make_room_for_devices()
        _settle_memory()
        ready(home)
        await asyncio.wait([stopped, *(door.ended for door in doors)], return_when=asyncio.FIRST_COMPLETED)
        await close_doors(doors)


def make_room_for_devices(set_limit: Callable[[int, tuple[int, int]], None] | None = None) -> None:
    """As many open files as this process may have without asking anybody, at most 65,536 and never fewer than before.

    Where that is little, the log says so. `set_limit` is `resource.setrlimit`, unless told otherwise.
    """
    try:
        import resource
    except ImportError:  # not on Windows, where sockets are not counted so
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    room = FILES if soft == resource.RLIM_INFINITY else soft
    for wanted in (most, MAC_FILES):
        if room < wanted <= most:
            with suppress(ValueError, OSError):
                (set_limit or resource.setrlimit)(resource.RLIMIT_NOFILE, (wanted, hard))
                room = wanted
    if room < FEW:
        LOG.warning("Only %d files may be open, and each device needs one: raise the limit (ulimit -Hn)", room)


def _settle_memory() -> None:
    """What is there once everything is open stays for good: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)
    sys.setswitchinterval(SWITCH)


def start(main: Any) -> None:
    """Run a coroutine on the fastest event loop there is."""
    if sys.platform == "win32":
        asyncio.run(main)
    else:
        import uvloop

        uvloop.run(main)
