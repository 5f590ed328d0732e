"""The house put together: the only file that knows everyone."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import Any, Final, Protocol, TypeVar, cast

import msgspec
import structlog
import uvicorn
from litestar import Litestar

from reyna import __version__
from reyna.adapters import migrations
from reyna.adapters.nats import NatsBus
from reyna.adapters.openai import OpenAILanguage
from reyna.adapters.postgres import PostgresStore, open_pool
from reyna.config import CannotStart, Settings
from reyna.domain.caller import Caller, house
from reyna.embedded.listening import require_free
from reyna.embedded.servers import Addresses, Servers
from reyna.http import Check, door
from reyna.ports import Collection, Store
from reyna.processors import records as processor_records
from reyna.processors import routes as processor_routes
from reyna.processors.reactions import Reactions as ProcessorReactions
from reyna.processors.service import Processors
from reyna.relay import Relay
from reyna.rpc import Signer, remote, serve
from reyna.schemas import records as schema_records
from reyna.schemas import routes as schema_routes
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from reyna.sdk import Processor
from reyna.sdk.neighbours import over
from reyna.sdk.worker import Worker
from reyna.state import records as state_records
from reyna.state import routes as state_routes
from reyna.state.reactions import follow_schemas
from reyna.state.service import State
from reyna.studio import app as studio_app
from reyna.studio import records as studio_records
from reyna.studio.actions import Actions
from reyna.studio.service import Studio

SERVICES: Final = ("schemas", "state", "processors", "studio")
LIBRARY: Final = ("reyna.library.text_expansion:text_expansion",)
POOL: Final = 12  # connections to a database; group commit keeps two busy with writes, the rest read
STOP: Final = 3.0  # seconds that open requests may take when the house stops
log: Final = structlog.get_logger("reyna")
V = TypeVar("V")


class Knows(Protocol):
    """Whom a token stands for, asked of the studio."""

    async def whose(self, caller: Caller, token: str) -> Caller: ...


class Gatehouse:
    """The studio's answer to its neighbours' doors."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def whose(self, caller: Caller, token: str) -> Caller:
        """Raises NotSignedIn."""
        return await self._studio.who(token)


class House(msgspec.Struct, kw_only=True):
    """What runs in this process."""

    addresses: Addresses
    bus: NatsBus
    signer: Signer
    services: dict[str, Any] = {}
    doors: dict[str, Litestar] = {}
    link: str | None = None  # the token of a one-time sign-in link, on the first start


@asynccontextmanager
async def raised(
    settings: Settings, services: Sequence[str] = SERVICES, library: Sequence[str] = LIBRARY
) -> AsyncIterator[House]:
    """These services and processors of the house, up and answering; the others are asked over the bus.

    Raises CannotStart and Fault, in one line each; then nothing is left running.
    """
    async with AsyncExitStack() as stack:
        servers = Servers(settings)
        stack.push_async_callback(servers.stop)
        addresses = await servers.start()
        signer = Signer(settings.signing_secret())
        bus = await NatsBus.connect(
            addresses.nats_url, name=f"reyna {' '.join(services)}", retention_days=settings.event_days
        )
        stack.push_async_callback(bus.close)
        await bus.provision()
        home = House(addresses=addresses, bus=bus, signer=signer)
        await _Raising(home, settings, stack).all(services)
        await _hire(home, stack, library)
        if "studio" in services:
            home.link = await home.services["studio"].first_link()
        yield home


class _Raising:
    """Builds the services in the order of who needs whom."""

    def __init__(self, home: House, settings: Settings, stack: AsyncExitStack) -> None:
        self._home, self._settings, self._stack = home, settings, stack
        self._pools: dict[str, Any] = {}
        self._checks: dict[str, Check] = {"nats": home.bus.check}

    async def all(self, services: Sequence[str]) -> None:
        builders = {
            "schemas": self._schemas,
            "state": self._state,
            "processors": self._processors,
            "studio": self._studio,
        }
        for name in SERVICES:
            if name in services:
                self._home.services[name] = await builders[name]()
        for name in services:
            service = self._home.services[name]
            await self._serve(name, Gatehouse(service) if name == "studio" else service)
            self._home.doors[name] = self._door(name)

    async def _schemas(self) -> Schemas:
        schemas = Schemas(await self._store("schemas", schema_records.COLLECTIONS))
        await install(schemas)
        return schemas

    async def _state(self) -> State:
        state = State(await self._store("state", state_records.COLLECTIONS), self._neighbour(Schemas, "schemas"))
        following = await follow_schemas(self._home.bus, state.shapes)
        self._stack.push_async_callback(following.stop)
        return state

    async def _processors(self) -> Processors:
        store = await self._store("processors", processor_records.COLLECTIONS)
        state, schemas = self._neighbour(State, "state"), self._neighbour(Schemas, "schemas")
        processors = Processors(store, state, schemas, self._home.signer, self._home.bus)
        reactions = ProcessorReactions(processors, self._home.bus)
        await reactions.start()
        self._stack.push_async_callback(reactions.stop)
        return processors

    async def _studio(self) -> Studio:
        store = await self._store("studio", studio_records.COLLECTIONS)
        state, processors = self._neighbour(State, "state"), self._neighbour(Processors, "processors")
        return Studio(store, self._home.bus, state, processors)

    async def _store(self, namespace: str, collections: Sequence[Collection[Any]]) -> Store:
        """The service's own records, with a relay that carries what it announces."""
        addresses = self._home.addresses
        url = addresses.state_url if namespace == "state" else addresses.postgres_url
        if url not in self._pools:
            await migrations.migrate(url)
            pool = self._pools[url] = await open_pool(url, size=POOL)
            self._stack.push_async_callback(pool.close)
        store = PostgresStore(self._pools[url], namespace, collections)
        await store.verify()
        relay = Relay(store, self._home.bus)
        await relay.start()
        self._stack.push_async_callback(relay.stop)
        self._checks[f"{namespace} store"] = store.check
        return relay

    def _neighbour(self, verbs: type[V], name: str) -> V:
        """The service itself when it lives in this process, otherwise the same verbs over the bus."""
        here = self._home.services.get(name)
        return cast(V, here) if here is not None else remote(verbs, name, self._home.bus, self._home.signer.sign)

    async def _serve(self, name: str, service: object) -> None:
        serving = await serve(service, name, __version__, self._home.bus, self._home.signer)
        self._stack.push_async_callback(serving.stop)

    def _door(self, name: str) -> Litestar:
        if name == "studio":
            return self._studio_door()
        routes = {"schemas": schema_routes, "state": state_routes, "processors": processor_routes}[name].routes
        return door(
            title=f"ReYNa Studio: {name}",
            version=__version__,
            routes=routes,
            identify=self._identify(),
            verbs={"content" if name == "state" else name: self._home.services[name]},
            checks=self._checks_of(name),
        )

    def _studio_door(self) -> Litestar:
        state, processors = self._neighbour(State, "state"), self._neighbour(Processors, "processors")
        return studio_app.app(
            self._home.services["studio"],
            Actions(state, processors),
            self._home.bus,
            version=__version__,
            api=[*schema_routes.routes, *state_routes.routes, *processor_routes.routes],
            verbs={"schemas": self._neighbour(Schemas, "schemas"), "content": state, "processors": processors},
            checks=self._checks_of("studio"),
        )

    def _checks_of(self, name: str) -> Mapping[str, Check]:
        return {"nats": self._checks["nats"], "store": self._checks[f"{name} store"]}

    def _identify(self) -> Callable[[str], Any]:
        studio = self._home.services.get("studio")
        if studio is not None:
            return cast(Callable[[str], Any], studio.who)
        gate = remote(Knows, "studio", self._home.bus, self._home.signer.sign)
        return lambda token: gate.whose(house(), token)


async def _hire(home: House, stack: AsyncExitStack, library: Sequence[str]) -> None:
    """Start a worker for each of these processors."""
    if not library:
        return
    addresses = home.addresses
    language = OpenAILanguage(addresses.llm_url, addresses.llm_key, addresses.llm_model)
    stack.push_async_callback(language.close)
    for name in library:
        worker = Worker(
            named(name),
            home.bus,
            sign=home.signer.sign,
            neighbours=lambda passes: over(home.bus, passes),
            language=language,
        )
        await worker.start()
        stack.push_async_callback(worker.stop)


def named(name: str) -> Processor[Any]:
    """The processor that `module:name` stands for. Raises CannotStart."""
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CannotStart(f"There is no processor {name}: {error}") from error
    if not isinstance(found, Processor):
        raise CannotStart(f"{name} is not a processor, but a {type(found).__name__}.")
    return found


# --- serving ---


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


def ports_of(settings: Settings) -> dict[str, int]:
    return {
        "schemas": settings.schemas_port,
        "state": settings.state_port,
        "processors": settings.processors_port,
        "studio": settings.port,
    }


async def run(
    settings: Settings,
    services: Sequence[str] = SERVICES,
    library: Sequence[str] = LIBRARY,
    *,
    ready: Callable[[House], None] = lambda house: None,
) -> None:
    """The house with its doors open, until it is told to stop (SIGINT, SIGTERM)."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ports = ports_of(settings)
    for name in services:
        require_free(settings.host, ports[name])
    stopped = asyncio.create_task(stop.wait())
    raising = asyncio.create_task(_serve_until(stopped, settings, services, library, ready))
    try:
        await asyncio.wait([raising, stopped], return_when=asyncio.FIRST_COMPLETED)
        await raising
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
        ready(home)
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for server, _ in opened:
            server.should_exit = True
        await asyncio.gather(*tasks)


def start(main: Any) -> None:
    """Run a coroutine on the fastest event loop there is."""
    if sys.platform == "win32":
        asyncio.run(main)
    else:
        import uvloop

        uvloop.run(main)
