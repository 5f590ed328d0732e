"""The models of this installation, and those of users as this process opens them."""

import ipaddress
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from reyna.app.addresses import Addresses
from reyna.app.config import Settings
from reyna.app.models.discovery import LocalServers
from reyna.app.models.opening import open_adapter, open_for_single_try
from reyna.app.settings.loopback import is_loopback
from reyna.domain.costs.cost import Price
from reyna.domain.errors import Invalid
from reyna.domain.processing.model import SYSTEM_MODEL_ID, Model, RunModel
from reyna.language.endpoint_words import ADVICE
from reyna.language.endpoints import MAX_PARALLEL_CALLS, Endpoints
from reyna.language.guarded_http import AddressRule, ForbiddenAddress
from reyna.ports.language import Language, ModelEndpoint
from reyna.ports.prices import PricedModel

MAX_OPEN_MODELS: Final = 200  # of users, in this process


class InstalledModels:
    """The ModelSource of this process: the model of the settings, those found on this machine, and those of users.

    The URLs of users may lead into private networks where only this machine reaches the studio, or where
    `REYNA_PRIVATE_MODELS` allows it.
    """

    def __init__(self, settings: Settings, addresses: Addresses, found: LocalServers) -> None:
        self._endpoint = ModelEndpoint(url=addresses.llm_url, key=addresses.llm_key, model=addresses.llm_model)
        self._is_embedded, self._is_demonstration = settings.llm_url is None, uses_demonstration_model(settings)
        self._price = _price_of(settings)
        self._found = found
        self._rule = address_rule(settings)
        self._endpoints = endpoints_of(settings)
        self._open: OrderedDict[RunModel, tuple[Language, AsyncExitStack]] = OrderedDict()

    def system_models(self) -> Sequence[Model]:
        own = Model(
            id=SYSTEM_MODEL_ID,
            name=self._endpoint.model,
            provider="embedded" if self._is_embedded else "openai",
            model=self._endpoint.model,
            scope="system",
            demonstration=self._is_demonstration,
        )
        return (own, *self._found.models)

    def priced_system_model(self) -> PricedModel:
        provider, endpoint = "embedded" if self._is_embedded else self._endpoint.provider, self._endpoint
        return PricedModel(provider=provider, url=endpoint.url, model=endpoint.model, price=self._price)

    def check_url(self, url: str) -> None:
        """Raises Invalid for an address that is written in the URL; a name is resolved and checked at each request."""
        try:
            host = urlsplit(url).hostname or ""
            urlsplit(url).port  # noqa: B018 - raises ValueError for one that is no number
        except ValueError:
            raise Invalid.at("/url", "is not a URL") from None
        try:
            self._rule.check("127.0.0.1" if is_loopback(host) else str(ipaddress.ip_address(host)))
        except ForbiddenAddress as forbidden:
            raise Invalid.at("/url", str(forbidden)) from None
        except ValueError:
            return  # a name

    @asynccontextmanager
    async def open_once(self, endpoint: ModelEndpoint | None) -> AsyncIterator[Language]:
        if endpoint is None:
            opened = open_for_single_try(self._endpoint)
        else:
            opened = open_for_single_try(endpoint, advice=ADVICE, addresses=self._rule)
        async with opened as language:
            yield language

    async def open(self, model: RunModel) -> Language:
        """Returns the model of a user, which stays open for later runs."""
        if model in self._open:
            self._open.move_to_end(model)
            return self._open[model][0]
        endpoint = ModelEndpoint(provider=model.provider, url=model.url, key=model.key, model=model.model)
        stack = AsyncExitStack()
        adapter = await open_adapter(stack, endpoint, advice=ADVICE, addresses=self._rule)
        language = self._endpoints.strengthen(adapter, endpoint)
        self._open[model] = language, stack
        if len(self._open) > MAX_OPEN_MODELS:
            await self._open.popitem(last=False)[1][1].aclose()
        return language

    async def close(self) -> None:
        while self._open:
            await self._open.popitem()[1][1].aclose()


def uses_demonstration_model(settings: Settings) -> bool:
    """Returns True while nobody has set up a language model: the small one that comes with the studio answers."""
    return settings.llm_url is None and settings.llm_model is None


def _price_of(settings: Settings) -> Price | None:
    if settings.llm_price_input is None or settings.llm_price_output is None:
        return None
    return Price(settings.llm_price_input, settings.llm_price_output)


def endpoints_of(settings: Settings, parallel: int | None = None) -> Endpoints:
    """Returns endpoints with the limits of the settings, none of which has been called yet."""
    return Endpoints(
        parallel or MAX_PARALLEL_CALLS,
        settings.llm_timeouts(),
        settings.llm_retry_pauses(),
        settings.llm_breaker_seconds,
    )


def address_rule(settings: Settings) -> AddressRule:
    """Returns the rule for URLs of users."""
    chosen = settings.private_models
    return AddressRule(private=is_loopback(settings.host) if chosen is None else chosen)
