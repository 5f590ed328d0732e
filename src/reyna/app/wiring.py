"""The composition root: builds the services that run in this process from their descriptions, and connects them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, NamedTuple

from litestar import Litestar

from reyna import __version__
from reyna.adapters.genai_prices.price_list import GenaiPrices
from reyna.adapters.nats.bus import NatsBus
from reyna.app.addresses import Addresses
from reyna.app.backup.nightly import NightlyBackup
from reyna.app.bus_connection import open_bus
from reyna.app.config import Settings
from reyna.app.models.discovery import LocalServers
from reyna.app.models.embeddings import open_endpoint, started_late
from reyna.app.models.opening import SystemModel, load_language_adapter
from reyna.app.models.source import InstalledModels, address_rule, endpoints_of, uses_demonstration_model
from reyna.app.neighbours import Neighbours
from reyna.app.servers import Servers
from reyna.app.services import SERVICE_NAMES, SERVICES
from reyna.app.stores import OpenStore, ServiceStores, open_file_storage
from reyna.app.workers import (
    LIBRARY,
    SMALL_MODEL_SETTINGS,
    Workers,
    library_registrations,
    load_installed_processor,
)
from reyna.embedded.llama import SLOTS
from reyna.embedded.nats import EVENT_BYTES
from reyna.ports.embeddings import Embeddings
from reyna.ports.language import ModelEndpoint
from reyna.services.composition import Checks, ServiceContext, ServiceDescription
from reyna.transport.http import Check, OptionalCheck
from reyna.transport.rpc import Signer, serve
from reyna.validation.sandbox.sandbox import ValidationSandbox


class RunningApplication(NamedTuple):
    """The applications to serve, by service, and the addresses of their servers; `sign_in_token` is for the one-time
    link of the first start."""

    apps: dict[str, Litestar]
    addresses: Addresses
    sign_in_token: str | None


@asynccontextmanager
async def run_application(
    settings: Settings,
    names: Sequence[str] = SERVICE_NAMES,
    library: Sequence[str] = LIBRARY,
    services: Sequence[ServiceDescription[Any]] = SERVICES,
    *,
    addresses: Addresses | None = None,
) -> AsyncIterator[RunningApplication]:
    """Runs those of the services that are named, and the workers of these processors; asks other services over the bus.

    `addresses` are those of the servers that another process of this application runs; without them, this one does.
    Raises CannotStart and Fault, in one line each; then nothing is left running.
    """
    async with AsyncExitStack() as stack:
        importing = asyncio.create_task(load_language_adapter()) if library else None  # while the servers start
        is_main, lost_power, embedder = addresses is None, False, None
        if addresses is None:
            servers = Servers(settings)
            stack.push_async_callback(servers.stop)
            addresses = await servers.start()
            lost_power, embedder = servers.lost_power, servers.embedder
        event_bytes = settings.event_bytes or (None if settings.nats_url else EVENT_BYTES)
        title = f"reyna {' '.join(names)}"
        bus = await stack.enter_async_context(open_bus(addresses.nats_url, settings, title, event_bytes))
        if lost_power:  # events published just before it may be gone, and their sequences given out again
            await bus.renew_epoch()
        signer = Signer(settings.signing_secret())
        models = await stack.enter_async_context(_installed_models(settings, addresses))
        workers = _library_workers(library, bus, signer, addresses, settings, models)
        endpoint = open_endpoint(settings, addresses)
        embeddings = endpoint and started_late(endpoint, None if embedder is None else embedder.ensure_started)
        if endpoint is not None:
            stack.push_async_callback(endpoint.close)
        wiring = _Wiring(
            services, names, addresses, settings, bus, signer, models, stack, embeddings, embeds_passages=is_main
        )
        apps = await wiring.build({} if workers is None else {"model": OptionalCheck(workers.check_model)})
        if workers is not None and importing is not None:
            await importing
            stack.push_async_callback(workers.stop)
            await workers.start()
        if is_main and "state" in names:
            nightly = NightlyBackup(settings, addresses)
            stack.push_async_callback(nightly.stop)
            await nightly.start()
        yield RunningApplication(apps, addresses, await wiring.first_sign_in() if is_main else None)


class _Wiring:
    """Builds the named services in their order, and gives each its context."""

    def __init__(
        self,
        services: Sequence[ServiceDescription[Any]],
        names: Sequence[str],
        addresses: Addresses,
        settings: Settings,
        bus: NatsBus,
        signer: Signer,
        models: InstalledModels,
        stack: AsyncExitStack,
        embeddings: Embeddings | None,
        *,
        embeds_passages: bool,
    ) -> None:
        self._embeddings, self._embeds_passages = embeddings, embeds_passages
        self._settings, self._bus, self._signer, self._stack = settings, bus, signer, stack
        self._models, self._prices = models, GenaiPrices()
        self._all_services = services
        self._descriptions = [service for service in services if service.name in names]
        self._stores = ServiceStores(addresses, settings, bus, stack)
        self._open_stores: dict[str, OpenStore] = {}
        self._neighbours = Neighbours(services, names, bus, signer.sign)
        self._services: dict[str, Any] = {}
        self._sandbox = ValidationSandbox()

    async def build(self, more_checks: Checks) -> dict[str, Litestar]:
        """Builds and starts the services, serves their verbs on the bus, and returns their applications by name."""
        contexts = [await self._build_service(service) for service in self._descriptions]
        for service in self._descriptions:
            offered = self._neighbours.find(service.name)
            serving = await serve(offered, service.name, __version__, self._bus, self._signer)
            self._stack.push_async_callback(serving.stop)
        return {context.description.name: self._build_app(context, more_checks) for context in contexts}

    async def first_sign_in(self) -> str | None:
        """Returns the token of the sign-in link of the first start, where a service here makes one."""
        for service in self._descriptions:
            if service.first_sign_in is not None:
                return await service.first_sign_in(self._services[service.name])
        return None

    async def _build_service(self, description: ServiceDescription[Any]) -> ServiceContext:
        opened = self._open_stores[description.name] = await self._stores.open(description)
        context = ServiceContext(
            description=description,
            settings=self._settings,
            store=opened.store,
            bus=self._bus,
            signer=self._signer,
            sandbox=self._sandbox,
            find_neighbour=self._neighbours.find,
            other_services=[other for other in self._all_services if other is not description],
            registrations=library_registrations,
            models=self._models,
            prices=self._prices,
            open_files=partial(open_file_storage, self._settings),
            open_search_index=self._stores.open_search_index,
            open_passage_index=self._stores.open_passage_index,
            embeddings=self._embeddings,
            embeds_passages=self._embeds_passages,
            stack=self._stack,
        )
        service = self._services[description.name] = await description.build(context)
        self._neighbours.add(description.name, description.offer(service))
        await description.start(context, service)
        return context

    def _build_app(self, context: ServiceContext, more_checks: Checks) -> Litestar:
        description = context.description
        checks = {**self._checks_of(description), **more_checks}
        return description.build_app(context, self._services[description.name], checks)

    def _checks_of(self, service: ServiceDescription[Any]) -> dict[str, Check | OptionalCheck]:
        """Returns the checks of `/readyz`; a neighbour in this process is ready when its database is."""
        own, disk, search = self._open_stores[service.name], self._stores.disk_space, self._stores.search_index
        checks: dict[str, Check | OptionalCheck] = {
            "nats": self._bus.check,
            "store": own.check_database,
            "events": own.check_outbox,
        }
        if disk is not None:
            checks["disk"] = disk.check
        if search is not None and service.name == "state":
            checks["search"] = OptionalCheck(search.check)
        for name in service.neighbours:
            local = self._open_stores.get(name)
            checks[name] = partial(self._bus.ping, name) if local is None else local.check_database
        return checks


def _library_workers(
    names: Sequence[str],
    bus: NatsBus,
    signer: Signer,
    addresses: Addresses,
    settings: Settings,
    models: InstalledModels,
) -> Workers | None:
    if not names:
        return None
    endpoint = ModelEndpoint(url=addresses.llm_url, key=addresses.llm_key, model=addresses.llm_model)
    parallel = settings.llm_parallel or (None if settings.llm_url else SLOTS)
    model = SystemModel(endpoint, endpoints_of(settings, parallel))
    defaults = {} if settings.llm_url else SMALL_MODEL_SETTINGS
    return Workers(
        names,
        bus,
        signer,
        model,
        demonstration=uses_demonstration_model(settings),
        open_model=models.open,
        defaults=defaults,
        retry_delays=settings.retry_delays(),
        load=lambda name: load_installed_processor(name, settings),
    )


@asynccontextmanager
async def _installed_models(settings: Settings, addresses: Addresses) -> AsyncIterator[InstalledModels]:
    """Yields the models of this process; local servers are looked for in the background."""
    found = LocalServers()
    if address_rule(settings).private:
        found.start()
    models = InstalledModels(settings, addresses, found)
    try:
        yield models
    finally:
        await found.stop()
        await models.close()
