"""The life of a process: services on their ports, a gateway worker, or workers, until a signal stops them."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

from reyna.app.bus_connection import open_bus
from reyna.app.config import Settings
from reyna.app.gateway_workers import (
    Assignment,
    count_gateway_workers,
    plan_assignments,
    require_shared_ports,
    service_at_shared_port,
)
from reyna.app.gateway_workers.supervisor import spawn_gateway_workers
from reyna.app.http_server import HttpServer, start_server, stop_servers
from reyna.app.models.opening import SystemModel
from reyna.app.models.source import endpoints_of
from reyna.app.services import SERVICE_NAMES, find_service
from reyna.app.wiring import RunningApplication, run_application
from reyna.app.workers import LIBRARY, Workers, load_installed_processor
from reyna.embedded.tcp_ports import require_free
from reyna.ports.language import ModelEndpoint
from reyna.transport.http.server.http_protocol import Connections
from reyna.transport.rpc import Signer

LOG: Final = logging.getLogger(__name__)
GC_THRESHOLDS: Final = (20_000, 20, 50)  # allocations, and rounds of the younger generations; a burst is no garbage
THREAD_SWITCH_SECONDS: Final = 0.0005  # that a thread may keep the interpreter while the event loop waits for it
MAX_OPEN_FILES: Final = 65_536  # each device is one, and the usual 1,024 are soon used up
MAX_OPEN_FILES_MACOS: Final = 10_240  # what macOS may refuse to go beyond (OPEN_MAX), whatever limit it reports
FEW_OPEN_FILES: Final = 1_000  # with which a studio of many devices comes to its end
Stopped = asyncio.Task[Any]  # done when a signal asks for the end


def port_of(settings: Settings, service: str) -> int:
    """Returns the port that a service listens on."""
    port: int = getattr(settings, find_service(service).port_setting)
    return port


def local_address(host: str) -> str:
    """Returns the address by which a service that listens on `host` is reached from this machine."""
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - only compared, never bound


async def run_workers(
    settings: Settings,
    names: Sequence[str],
    *,
    parallel: int,
    defaults: Mapping[str, Any],
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Runs workers for these processors beside a running studio, until SIGINT or SIGTERM."""
    stop = _stop_signal()
    async with AsyncExitStack() as stack:
        bus = await stack.enter_async_context(open_bus(settings.nats_url or "", settings, "reyna worker"))
        endpoint = ModelEndpoint(url=settings.llm_url or "", key=settings.llm_key, model=settings.llm_model or "")
        model = SystemModel(endpoint, endpoints_of(settings, settings.llm_parallel))
        signer = Signer(settings.signing_secret())
        workers = Workers(
            names,
            bus,
            signer,
            model,
            parallel=parallel,
            defaults=defaults,
            retry_delays=settings.retry_delays(),
            load=lambda name: load_installed_processor(name, settings),
        )
        stack.push_async_callback(workers.stop)
        sys.setswitchinterval(THREAD_SWITCH_SECONDS)
        await workers.start()
        ready()
        await stop.wait()


async def run_until_stopped(
    settings: Settings,
    services: Sequence[str] = SERVICE_NAMES,
    library: Sequence[str] = LIBRARY,
    *,
    ready: Callable[[RunningApplication], None] = lambda application: None,
) -> None:
    """Runs the application on its ports until SIGINT or SIGTERM, also while it still starts."""
    require_shared_ports(settings)
    for name in services:
        require_free(settings.host, port_of(settings, name))

    async def serve(stopped: Stopped, started: Callable[[], None]) -> None:
        async with (
            spawn_gateway_workers(count_gateway_workers(settings, services)) as workers,
            run_application(settings, services, library) as application,
        ):
            servers = await _listen(settings, application, services)
            await workers.start(plan_assignments(settings, services, application.addresses))
            started()
            ready(application)
            await _until_stopped(stopped, servers)
            await asyncio.gather(stop_servers(servers), workers.stop())

    await _run_until_signal(serve)


async def run_gateway_worker(assignment: Assignment, *, ready: Callable[[], None]) -> None:
    """Runs the services of a gateway worker until SIGINT or SIGTERM, also while it still starts."""

    async def serve(stopped: Stopped, started: Callable[[], None]) -> None:
        settings, services = assignment.settings, assignment.services
        async with run_application(settings, services, (), addresses=assignment.addresses) as application:
            servers = await _listen(settings, application, [service_at_shared_port(settings, services)])
            started()
            ready()
            await _until_stopped(stopped, servers)
            await stop_servers(servers)

    await _run_until_signal(serve)


async def _run_until_signal(serve: Callable[[Stopped, Callable[[], None]], Coroutine[Any, Any, None]]) -> None:
    """Runs `serve`, which calls its second argument when it has started; a signal before that cancels it."""
    stop = _stop_signal()
    stopped = asyncio.create_task(stop.wait())
    started = asyncio.Event()
    serving = asyncio.create_task(serve(stopped, started.set))
    try:
        await asyncio.wait([serving, stopped], return_when=asyncio.FIRST_COMPLETED)
        if not started.is_set():  # stopped while still starting
            serving.cancel()
        await asyncio.gather(serving, return_exceptions=not started.is_set() and stopped.done())
    finally:
        stopped.cancel()


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _listen(
    settings: Settings, application: RunningApplication, services: Sequence[str | None]
) -> list[HttpServer]:
    """Returns the servers of these services, which listen."""
    shared = service_at_shared_port(settings, list(application.apps))
    servers = [
        await start_server(
            app,
            settings.host,
            port_of(settings, name),
            Connections(settings.connections_per_address),
            shares_port=name == shared,
        )
        for name, app in application.apps.items()
        if name in services
    ]
    raise_open_file_limit()
    freeze_startup_objects()
    return servers


async def _until_stopped(stopped: Stopped, servers: Sequence[HttpServer]) -> None:
    await asyncio.wait([stopped, *(server.ended for server in servers)], return_when=asyncio.FIRST_COMPLETED)


def raise_open_file_limit(set_limit: Callable[[int, tuple[int, int]], None] | None = None) -> None:
    """Raises the limit of open files as far as this process may, up to 65,536, and logs a warning where that is little.

    `set_limit` is `resource.setrlimit` when not given.
    """
    try:
        import resource
    except ImportError:  # not on Windows, where sockets are not counted so
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MAX_OPEN_FILES if hard == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, hard)
    limit = MAX_OPEN_FILES if soft == resource.RLIM_INFINITY else soft
    for wanted in (most, MAX_OPEN_FILES_MACOS):
        if limit < wanted <= most:
            with suppress(ValueError, OSError):
                (set_limit or resource.setrlimit)(resource.RLIMIT_NOFILE, (wanted, hard))
                limit = wanted
    if limit < FEW_OPEN_FILES:
        LOG.warning("Only %d files may be open, and each device needs one: raise the limit (ulimit -Hn)", limit)


def freeze_startup_objects() -> None:
    """Takes all that exists once everything listens out of garbage collection: it stays for good."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(THREAD_SWITCH_SECONDS)
