"""The description that each service exports as `SERVICE`, and the context in which a service is built and runs.

The composition root (`app/wiring.py`) loops over the descriptions and knows nothing else of a service.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from litestar import Litestar

from reyna.domain.processing.processor import NewProcessor
from reyna.ports.bus import Bus
from reyna.ports.embeddings import Embeddings
from reyna.ports.files import FileStorage
from reyna.ports.models import ModelSource
from reyna.ports.passages import PassageIndex
from reyna.ports.prices import PriceList
from reyna.ports.search import SearchIndex
from reyna.ports.store import Collection, Store
from reyna.transport.http import Check, OptionalCheck
from reyna.transport.rpc import Signer
from reyna.validation.sandbox.sandbox import ValidationSandbox

S = TypeVar("S")
Checks: TypeAlias = Mapping[str, Check | OptionalCheck]


class ServiceSettings(Protocol):
    """The settings that services read."""

    @property
    def trash_days(self) -> int | None: ...

    @property
    def max_file_bytes(self) -> int | None: ...

    @property
    def files_grace_hours(self) -> int: ...

    @property
    def prompt_days(self) -> int: ...

    @property
    def runs_at_once(self) -> int | None: ...

    @property
    def runs_per_minute(self) -> int | None: ...

    def weights_of_users(self) -> Mapping[str, float]: ...

    @property
    def webhook_private(self) -> Literal["allowed", "refused"]: ...

    @property
    def password_hash(self) -> Literal["standard", "light"]: ...

    def retry_delays(self) -> Sequence[float]: ...

    def quota(self) -> Mapping[str, int | None]: ...

    def registration_mode(self) -> Literal["open", "invite", "closed"]: ...


class Background(Protocol):
    """Runs beside a service from `start` to `stop`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass(frozen=True, kw_only=True)
class ServiceContext:
    """The surroundings of one service.

    `find_neighbour` returns another service by name: the object that it offers when it runs in this process, else the
    same verbs over the bus. `store` keeps the service's collections and relays its events. `registrations` returns
    those of the processors that ship with the studio, `models` are the language models of the installation, `prices`
    the known prices of models. `open_files` returns the storage of files, `open_search_index` the search index.
    `open_passage_index` returns the vectors of passages, None where the database cannot keep any; `embeddings` is the
    model that makes them, if there is one, and `embeds_passages` tells whether this process makes those of texts.
    """

    description: "ServiceDescription[Any]"
    settings: ServiceSettings
    store: Store
    bus: Bus
    signer: Signer
    sandbox: ValidationSandbox
    find_neighbour: Callable[[str], Any]
    other_services: Sequence["ServiceDescription[Any]"]
    registrations: Callable[[], Sequence[NewProcessor]]
    models: ModelSource
    prices: PriceList
    open_files: Callable[[], FileStorage]
    open_search_index: Callable[[], Awaitable[SearchIndex]]
    open_passage_index: Callable[[], Awaitable[PassageIndex | None]]
    embeddings: Embeddings | None
    embeds_passages: bool
    stack: AsyncExitStack

    async def start(self, background: Background) -> None:
        """Starts it, and stops it when the application stops."""
        await background.start()
        self.stop_at_end(background.stop)

    def stop_at_end(self, stop: Callable[[], Awaitable[object]]) -> None:
        """Calls `stop` when the application stops; what was added last is stopped first."""
        self.stack.push_async_callback(stop)


@dataclass(frozen=True, kw_only=True)
class ServiceDescription(Generic[S]):
    """One service, as the composition root and the commands need to know it.

    `name`: on the bus, in `reyna serve <name>` and as the namespace of its collections.
    `port_setting`, `store_setting`: the settings that hold its port and the URL of its database.
    `neighbours`: the services whose verbs it asks for, and which `/readyz` checks.
    `routes`: its REST handlers, served at its own port and by the studio under `/api`; they receive the service as the
    argument `handler_argument`.
    `build`: makes the service. `start`: begins what it reacts to and what it does in the background.
    `offered`, `offer`: the class of the verbs that others ask for, and the object that has them.
    `build_app`: makes the application at its port; it receives the checks of `/readyz`.
    `probe`: asks for something small, to see that the service answers.
    `first_sign_in`: returns the token of a sign-in link when nobody has an account yet.
    """

    name: str
    title: str
    port_setting: str
    store_setting: str = "postgres_url"
    collections: Sequence[Collection[Any]]
    neighbours: Sequence[str]
    routes: Sequence[Any]
    handler_argument: str
    offered: type[Any]
    build: Callable[[ServiceContext], Awaitable[S]]
    start: Callable[[ServiceContext, S], Awaitable[None]]
    offer: Callable[[S], Any]
    build_app: Callable[[ServiceContext, S, Checks], Litestar]
    probe: Callable[[Any], Awaitable[object]]
    first_sign_in: Callable[[S], Awaitable[str | None]] | None = None
    writes_on_full_disk: bool = False
