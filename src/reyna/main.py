"""The house put together: the only file that knows everyone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
import structlog
from litestar import Litestar

from reyna import __version__
from reyna.adapters import migrations
from reyna.adapters.nats import NatsBus
from reyna.adapters.postgres import PostgresStore, open_pool
from reyna.config import CannotStart, Settings
from reyna.domain.caller import HOUSE, Caller, house
from reyna.domain.errors import Forbidden
from reyna.embedded.servers import Addresses, Servers
from reyna.fit.counting import Counts, Teller
from reyna.http import Check, door
from reyna.ports import Collection, Language, Store
from reyna.processors import records as processor_records
from reyna.processors import routes as processor_routes
from reyna.processors.reactions import Reactions as ProcessorReactions
from reyna.processors.service import Processors
from reyna.relay import Relay
from reyna.rpc import Signer, patiently, remote, serve
from reyna.schemas import records as schema_records
from reyna.schemas import routes as schema_routes
from reyna.schemas.service import Schemas
from reyna.schemas.system import install
from reyna.sdk import Processor
from reyna.sdk.neighbours import over
from reyna.sdk.worker import Worker
from reyna.state import records as state_records
from reyna.state import routes as state_routes
from reyna.state.automatic import Caretaker
from reyna.state.reactions import follow_schemas, follow_upgrades
from reyna.state.service import State
from reyna.studio import app as studio_app
from reyna.studio import records as studio_records
from reyna.studio.actions import Actions
from reyna.studio.service import Studio

if TYPE_CHECKING:
    from reyna.adapters.openai import OpenAILanguage

SERVICES: Final = ("schemas", "state", "processors", "studio")
LIBRARY: Final = ("reyna.library.text_expansion:text_expansion",)
POOL: Final = 12  # connections to a database; group commit keeps two busy with writes, the rest read
SMALL_MODEL: Final = {"method": "keep", "parallel": 4}  # the embedded one continues a text better than it rewrites it
PARALLEL: Final = 4  # runs of one processor at the same time; the embedded model writes four texts side by side
log: Final = structlog.get_logger("reyna")
V = TypeVar("V")


class Gatehouse:
    """What the studio answers to its neighbours, and to the command line."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def whose(self, caller: Caller, token: str) -> Caller:
        """Whom a token stands for. Raises NotSignedIn."""
        return await self._studio.who(token)

    async def link(self, caller: Caller, email: str) -> str:
        """The token of a one-time sign-in link. Raises NotFound, and Forbidden for all but the house."""
        if caller.kind != "house":
            raise Forbidden("Only the house gives out links.")
        return await self._studio.link(email)

    async def account(self, caller: Caller, email: str | None = None) -> Caller:
        """The user with this address, or the only one there is. Raises NotFound, Conflict, and Forbidden for all but
        the house."""
        if caller.kind != "house":
            raise Forbidden("Only the house acts for its users.")
        return await self._studio.account_of(email)


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
        knowing = asyncio.create_task(_language_adapter()) if library else None  # while the servers start
        servers = Servers(settings)
        stack.push_async_callback(servers.stop)
        addresses = await servers.start()
        signer = Signer(settings.signing_secret())
        bus = await stack.enter_async_context(_on_the_bus(addresses.nats_url, settings, f"reyna {' '.join(services)}"))
        home = House(addresses=addresses, bus=bus, signer=signer)
        await _Raising(home, settings, stack).all(services)
        if knowing is not None:
            await knowing
            language = await asking(stack, addresses.llm_url, addresses.llm_key, addresses.llm_model)
            defaults = {} if settings.llm_url else SMALL_MODEL
            await hire(bus, signer, language, stack, library, parallel=PARALLEL, defaults=defaults)
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
        store = await self._store("schemas", schema_records.COLLECTIONS)
        schemas = Schemas(store, self._neighbour(State, "state"))  # state itself comes later, and then takes its place
        await install(schemas)
        await self._tell(schemas.counts, schemas)
        return schemas

    async def _state(self) -> State:
        store, schemas = await self._store("state", state_records.COLLECTIONS), self._neighbour(Schemas, "schemas")
        keeps = None if self._settings.trash_days is None else timedelta(days=self._settings.trash_days)
        state = State(store, schemas, allowed=self._allowed("blobs", "bytes", "buckets"), keeps_trash=keeps)
        if (here := self._home.services.get("schemas")) is not None:
            here.content = state
        for following in (follow_schemas(self._home.bus, state.shapes), follow_upgrades(self._home.bus, state)):
            self._stack.push_async_callback((await following).stop)
        await self._tell(state.shapes.counts, self._neighbour(Schemas, "schemas"))
        caretaker = Caretaker(store, state, keeps)
        await caretaker.start()
        self._stack.push_async_callback(caretaker.stop)
        return state

    async def _processors(self) -> Processors:
        store = await self._store("processors", processor_records.COLLECTIONS)
        state, schemas = self._neighbour(State, "state"), self._neighbour(Schemas, "schemas")
        processors = Processors(store, state, schemas, self._home.signer, self._home.bus, allowed=self._allowed("runs"))
        for name in LIBRARY:  # known before their workers come, so that whoever signs up first finds them switched on
            shipped = named(name)
            registering = Caller(user_id=HOUSE, kind="processor", processor_id=shipped.id)
            await patiently(partial(processors.register, registering, shipped.registration))
        reactions = ProcessorReactions(processors, self._home.bus)
        await reactions.start()
        self._stack.push_async_callback(reactions.stop)
        return processors

    async def _studio(self) -> Studio:
        store = await self._store("studio", studio_records.COLLECTIONS)
        state, processors = self._neighbour(State, "state"), self._neighbour(Processors, "processors")
        return Studio(store, self._home.bus, state, processors)

    async def _tell(self, counts: Counts, schemas: Schemas) -> None:
        """How schemas are used in this process goes to the schema service, every few seconds and at the end."""
        teller = Teller(counts, partial(schemas.count, house()))
        await teller.start()
        self._stack.push_async_callback(teller.stop)

    async def _store(self, namespace: str, collections: Sequence[Collection[Any]]) -> Store:
        """The service's own records, with a relay that carries what it announces."""
        addresses = self._home.addresses
        url = addresses.state_url if namespace == "state" else addresses.postgres_url
        opened = self._in_mongo if url.startswith("mongodb") else self._in_postgres
        store = await opened(url, namespace, collections)
        relay = Relay(store, self._home.bus)
        await relay.start()
        self._stack.push_async_callback(relay.stop)
        self._checks[f"{namespace} store"] = store.check
        return relay

    async def _in_postgres(self, url: str, namespace: str, collections: Sequence[Collection[Any]]) -> Store:
        if url not in self._pools:
            await migrations.migrate(url)
            pool = self._pools[url] = await open_pool(url, size=POOL)
            self._stack.push_async_callback(pool.close)
        store = PostgresStore(self._pools[url], namespace, collections)
        await store.verify()
        return store

    async def _in_mongo(self, url: str, namespace: str, collections: Sequence[Collection[Any]]) -> Store:
        try:
            from reyna.adapters.mongo import MongoStore, open_mongo
        except ModuleNotFoundError as error:
            raise CannotStart(f"REYNA_STATE_URL: pip install reyna-studio[mongo] first ({error}).") from error
        database = await open_mongo(url)
        self._stack.push_async_callback(database.client.close)
        store = MongoStore(database, namespace, collections)
        await store.prepare()
        return store

    def _allowed(self, *what: str) -> dict[str, int | None]:
        quota = self._settings.quota()
        return {one: quota[one] for one in what}

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
        gate = remote(Gatehouse, "studio", self._home.bus, self._home.signer.sign)
        return lambda token: gate.whose(house(), token)


@asynccontextmanager
async def _on_the_bus(url: str, settings: Settings, name: str) -> AsyncIterator[NatsBus]:
    bus = await NatsBus.connect(url, name=name, retention_days=settings.event_days)
    try:
        await bus.provision()
        yield bus
    finally:
        await bus.close()


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[NatsBus]:
    """The bus of a running studio, for commands beside it; `nats_url` is set. Raises Fault."""
    async with _on_the_bus(settings.nats_url or "", settings, "reyna command") as bus:
        yield bus


async def _language_adapter() -> type["OpenAILanguage"]:
    """Imported when it is needed, and off the event loop: the client it stands on takes most of a second."""
    module = await asyncio.to_thread(import_module, "reyna.adapters.openai")
    return cast("type[OpenAILanguage]", module.OpenAILanguage)


async def asking(stack: AsyncExitStack, url: str, key: str | None, model: str, *, once: bool = False) -> Language:
    """A language model behind this address, closed with the stack; with `once` it is never asked again."""
    adapter = await _language_adapter()
    language = adapter(url, key, model, waits=()) if once else adapter(url, key, model)
    stack.push_async_callback(language.close)
    return language


async def hire(
    bus: NatsBus,
    signer: Signer,
    language: Language,
    stack: AsyncExitStack,
    names: Sequence[str],
    *,
    parallel: int,
    defaults: Mapping[str, Any] = {},
) -> None:
    """Start a worker for each of these processors; waits for the services that it needs. Raises Unserved."""
    for name in names:
        worker = Worker(
            named(name),
            bus,
            sign=signer.sign,
            neighbours=lambda passes: over(bus, passes),
            language=language,
            parallel=parallel,
            defaults=dict(defaults),
        )
        await patiently(worker.start)
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
