"""The price of calls to a language model: the one that was set, none for a model at home, or that of a price list."""

import ipaddress
from typing import Final, Literal
from urllib.parse import urlsplit

from reyna.domain.costs.cost import ModelUse
from reyna.ports.prices import PricedModel, PriceList

LOCAL_DOMAINS: Final = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
SAMPLE_USE: Final = ModelUse(calls=1, input_tokens=1_000, output_tokens=1_000)
PriceSource = Literal["own", "free", "listed", "unknown"]


class NoPrices:
    """A PriceList without prices."""

    async def amount_of(self, model: PricedModel, use: ModelUse) -> int | None:
        return None


async def amount_of(model: PricedModel, use: ModelUse, listed: PriceList) -> int | None:
    """Returns what this use of the model costs in billionths of a US dollar, or None when the price is not known."""
    if model.price is not None:
        return model.price.amount_of(use)
    return 0 if is_free(model) else await listed.amount_of(model, use)


async def price_source(model: PricedModel, listed: PriceList) -> PriceSource:
    """Returns where the price of the model is from."""
    if model.price is not None:
        return "own"
    if is_free(model):
        return "free"
    return "unknown" if await listed.amount_of(model, SAMPLE_USE) is None else "listed"


def is_free(model: PricedModel) -> bool:
    """Returns whether the model is embedded, or answers at an address of this machine or of a private network.

    A name is taken for one of a private network by its form, without resolving it.
    """
    if model.provider == "embedded":
        return True
    host = (urlsplit(model.url or "").hostname or "").rstrip(".").lower()
    if not host:
        return False
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        return "." not in host or host.endswith(LOCAL_DOMAINS)
