"""Prices of calls: the one that was set, none at home, then the list; an unknown price stays unknown."""

import pytest

from reyna.domain.costs.cost import ModelUse, Price
from reyna.language.prices import NoPrices, amount_of, is_free, price_source
from reyna.ports.prices import PricedModel

USE = ModelUse(calls=2, input_tokens=1_000, output_tokens=500, cached_tokens=100)
REMOTE = "https://model.example/v1"


class ListStandIn:
    """A PriceList in which everything costs the same."""

    async def amount_of(self, model: PricedModel, use: ModelUse) -> int | None:
        return 77


def a_model(url: str | None, *, price: Price | None = None) -> PricedModel:
    return PricedModel(provider="openai", url=url, model="m", price=price)


@pytest.mark.parametrize(
    ("price", "use", "nanos"),
    [
        (Price(2.5, 10), USE, 7_500_000),  # 1,000 tokens of 0.0025 US dollars for a thousand, 500 of 0.01
        (Price(0.15, 0.6), USE, 450_000),
        (Price(0, 0), USE, 0),
        (Price(0.000001, 0), ModelUse(input_tokens=1), 1),  # rounded up: no call is for nothing
        (Price(0.1, 0.2), ModelUse(input_tokens=3, output_tokens=3), 900),  # exact, as floats are not
        (Price(1e6, 1e6), ModelUse(input_tokens=10**9), 10**18),
        (Price(3, 15), ModelUse(), 0),
    ],
)
def test_a_price_is_for_a_million_tokens(price: Price, use: ModelUse, nanos: int) -> None:
    assert price.amount_of(use) == nanos


@pytest.mark.parametrize(
    ("model", "nanos", "source"),
    [
        (a_model(REMOTE), 77, "listed"),
        (a_model(REMOTE, price=Price(1, 2)), 2_000_000, "own"),
        (a_model("http://127.0.0.1:11434/v1"), 0, "free"),
        (a_model("http://127.0.0.1:11434/v1", price=Price(1, 2)), 2_000_000, "own"),
        (PricedModel(provider="embedded", model="small"), 0, "free"),
    ],
)
async def test_the_price_that_was_set_comes_first(model: PricedModel, nanos: int, source: str) -> None:
    assert await amount_of(model, USE, ListStandIn()) == nanos
    assert await price_source(model, ListStandIn()) == source


async def test_an_unknown_price_is_not_zero() -> None:
    assert await amount_of(a_model(REMOTE), USE, NoPrices()) is None
    assert await price_source(a_model(REMOTE), NoPrices()) == "unknown"


@pytest.mark.parametrize(
    ("url", "free"),
    [
        ("http://localhost:1234/v1", True),
        ("http://[::1]:1234/v1", True),
        ("http://10.1.2.3/v1", True),
        ("http://192.168.1.20:11434/v1", True),
        ("http://ollama:11434/v1", True),
        ("http://gpu.local/v1", True),
        ("http://host.docker.internal:1234/v1", True),
        ("http://8.8.8.8/v1", False),
        ("https://api.openai.com/v1", False),
        ("https://local.example/v1", False),
        (None, False),
    ],
)
def test_models_at_home_are_free(url: str | None, free: bool) -> None:
    assert is_free(a_model(url)) is free
