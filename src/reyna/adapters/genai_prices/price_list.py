"""The PriceList port on genai-prices."""

import asyncio
from decimal import ROUND_CEILING, Decimal
from importlib import import_module
from typing import Any, Final

from reyna.domain.costs.cost import ModelUse
from reyna.domain.costs.money import NANOS_PER_DOLLAR
from reyna.ports.prices import PricedModel

MAX_PLAIN_TOKENS: Final = 100_000  # of input that no provider has another price for


class GenaiPrices:
    """The prices that genai-prices carries, of the providers by their names and the URLs of their APIs.

    Its data are loaded with the first question, in a thread, since they are large. They are never updated over the
    network.
    """

    def __init__(self) -> None:
        self._loading = asyncio.Lock()
        self._package: Any = None

    async def amount_of(self, model: PricedModel, use: ModelUse) -> int | None:
        package = await self._load()
        # The price of long prompts is often another one: calls that may have been long count as equally long.
        calls = max(use.calls, 1) if use.input_tokens > MAX_PLAIN_TOKENS else 1
        usage = package.Usage(
            input_tokens=-(-use.input_tokens // calls),
            output_tokens=-(-use.output_tokens // calls),
            cache_read_tokens=use.cached_tokens // calls,
        )
        try:
            price: Decimal = package.calc_price(usage, model.model, **_provider_of(model)).total_price
        except (LookupError, ValueError):  # of no provider or no model that it knows, or by other units than tokens
            return None
        return int((price * calls * NANOS_PER_DOLLAR).to_integral_value(ROUND_CEILING))

    async def _load(self) -> Any:
        async with self._loading:
            if self._package is None:
                self._package = await asyncio.to_thread(_import_with_data)
            return self._package


def _import_with_data() -> Any:
    package = import_module("genai_prices")
    import_module("genai_prices.data")
    return package


def _provider_of(model: PricedModel) -> dict[str, str]:
    if model.url is not None:
        return {"provider_api_url": model.url}
    return {"provider_id": model.provider}
