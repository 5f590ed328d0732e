"""The port of prices: the cost of calls to a language model, by a list of prices."""

from typing import Protocol

import msgspec

from reyna.domain.costs.cost import ModelUse, Price
from reyna.ports.language import Provider


class PricedModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model at its endpoint, as far as its price depends on it; `price` is the one that was set for it."""

    provider: Provider
    url: str | None = None
    model: str
    price: Price | None = None


class PriceList(Protocol):
    """Known prices of models at their providers."""

    async def amount_of(self, model: PricedModel, use: ModelUse) -> int | None:
        """Returns what this use costs in billionths of a US dollar, or None when the price is not known."""
        ...
