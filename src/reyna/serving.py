"""The house with its doors open, and workers beside it, until they are told to stop."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

import uvicorn
from litestar import Litestar

from reyna.config import Settings
from reyna.embedded.listening import require_free
from reyna.main import LIBRARY, SERVICES, House, asking, connected, hire, raised
from reyna.rpc import Signer

COLLECT: Final = (20_000, 20, 50)  # allocations, and rounds of the younger generations: a burst of notes is no garbage
SWITCH: Final = 0.0005  # seconds that a thread may keep the interpreter while the loop waits for it
FILES: Final = 65_536  # that may be open: each device is one, and the usual 1,024 are soon used up
STOP: Final = 3.0  # seconds that open requests may take when the house stops


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to the house, which has more than one door, and says when it is open."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.opened = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.opened.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _open(app: Litestar, host: str, port: int) -> tuple[_Uvicorn, asyncio.Task[None]]:
    server = _Uvicorn(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=16 * 1024 * 1024,
            ws_ping_interval=20.0,
            ws_ping_timeout=30.0,
            log_config=None,
            log_level="warning",  # it would say of each socket that it is open
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=int(STOP),
            backlog=4096,
        )
    )
    task = asyncio.create_task(server.serve())
    opened = asyncio.create_task(server.opened.wait())
    await asyncio.wait([task, opened], return_when=asyncio.FIRST_COMPLETED)
    opened.cancel()
    if task.done():
        await task
    return server, task


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
        opened = [await _open(home.doors[name], settings.host, ports[name]) for name in services]
        tasks = [task for _, task in opened]
        _make_room_for_devices()
        _settle_memory()
        ready(home)
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for server, _ in opened:
            server.should_exit = True
        await asyncio.gather(*tasks)


def _make_room_for_devices() -> None:
    """As many open files as this process may have without asking anybody."""
    try:
        import resource
    except ImportError:  # not on Windows, where sockets are not counted so
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


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
