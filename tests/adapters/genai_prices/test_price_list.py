"""The price list of genai-prices: providers by name and by the URL of their API, and nothing guessed."""

import pytest

from reyna.adapters.genai_prices.price_list import GenaiPrices
from reyna.domain.costs.cost import ModelUse
from reyna.ports.prices import PricedModel

USE = ModelUse(calls=1, input_tokens=1_000, output_tokens=500)


def at(url: str | None, model: str) -> PricedModel:
    return PricedModel(provider="openai", url=url, model=model)


@pytest.mark.parametrize(
    "model",
    [
        at(None, "gpt-4o-mini"),
        at("https://api.openai.com/v1", "gpt-4o-mini-2024-07-18"),
        at("https://mine.openai.azure.com/openai/v1", "gpt-4o-mini"),
        at("https://openrouter.ai/api/v1", "openai/gpt-4o-mini"),
        PricedModel(provider="anthropic", model="claude-sonnet-4-0"),
    ],
)
async def test_models_of_known_providers_have_a_price(model: PricedModel) -> None:
    amount = await GenaiPrices().amount_of(model, USE)
    assert amount is not None
    assert amount > 0


@pytest.mark.parametrize(
    "model", [at(None, "big-1"), at("https://model.example/v1", "gpt-4o-mini"), at("http://10.0.0.7/v1", "gpt-4o-mini")]
)
async def test_a_model_or_an_address_that_is_not_listed_has_no_price(model: PricedModel) -> None:
    assert await GenaiPrices().amount_of(model, USE) is None


async def test_cached_tokens_cost_less_and_a_call_costs_more_with_more_tokens() -> None:
    prices, model = GenaiPrices(), at(None, "gpt-4o-mini")
    plain = await prices.amount_of(model, USE)
    cached = await prices.amount_of(model, ModelUse(calls=1, input_tokens=1_000, output_tokens=500, cached_tokens=800))
    more = await prices.amount_of(model, ModelUse(calls=1, input_tokens=2_000, output_tokens=500))
    assert (cached or 0) < (plain or 0) < (more or 0)


async def test_many_short_calls_are_not_priced_as_one_long_call() -> None:
    prices, model = GenaiPrices(), PricedModel(provider="anthropic", model="claude-sonnet-4-0")
    one = await prices.amount_of(model, ModelUse(calls=1, input_tokens=5_000))
    many = await prices.amount_of(model, ModelUse(calls=100, input_tokens=500_000))
    assert one is not None
    assert many == 100 * one
