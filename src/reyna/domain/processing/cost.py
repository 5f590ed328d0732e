"""Costs: the use of language models by runs, its price, and sums of both."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from reyna.domain.money import NANOS_PER_DOLLAR, format_amount, parse_amount

TOKENS_PER_PRICE: Final = 10**6
MAX_MODEL_CHARACTERS: Final = 200
MAX_PRICE: Final = 10**6
PricePerMillion = Annotated[float, Meta(ge=0, le=MAX_PRICE)]
Amount = Annotated[str, Meta(pattern=r"^\d{1,9}(\.\d{1,9})?$")]
Count = Annotated[int, Meta(ge=0, le=10**12)]


class Price(msgspec.Struct, frozen=True):
    """The price of a model: US dollars for a million tokens of its input and of its output."""

    input: float
    output: float

    def amount_of(self, use: "ModelUse") -> int:
        """Returns what this use costs in billionths of a dollar, rounded up. Cached tokens cost as much as others."""
        dollars = _exact(self.input) * use.input_tokens + _exact(self.output) * use.output_tokens
        return int((dollars * NANOS_PER_DOLLAR / TOKENS_PER_PRICE).to_integral_value(ROUND_CEILING))


class ModelUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The calls of one model: their number and their tokens. `cached_tokens` are part of the input; `amount` is what
    they cost in US dollars, null where the price is not known."""

    model: Annotated[str, Meta(max_length=MAX_MODEL_CHARACTERS)] | None = None
    calls: Count = 0
    input_tokens: Count = 0
    output_tokens: Count = 0
    cached_tokens: Count = 0
    amount: Amount | None = None

    @property
    def nanos(self) -> int:
        """Returns the known amount in billionths of a dollar, 0 where it is not known."""
        return 0 if self.amount is None else parse_amount(self.amount)

    def plus(self, other: "ModelUse") -> "ModelUse":
        """Returns both together; the amount is not known when one of the two is not."""
        is_known = self.amount is not None and other.amount is not None
        return ModelUse(
            model=self.model,
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            amount=format_amount(self.nanos + other.nanos) if is_known else None,
        )


def add_uses(*uses: ModelUse) -> tuple[ModelUse, ...]:
    """Returns these uses with those of one model together."""
    by_model: dict[str | None, ModelUse] = {}
    for use in uses:
        so_far = by_model.get(use.model)
        by_model[use.model] = use if so_far is None else so_far.plus(use)
    return tuple(by_model.values())


def uses_beyond(uses: Iterable[ModelUse], counted: Iterable[ModelUse]) -> tuple[ModelUse, ...]:
    """Returns, by model, what is in `uses` and has not been counted yet, without what it costs."""
    before = {use.model: use for use in counted}
    beyond = (_difference(use, before.get(use.model, ModelUse())) for use in add_uses(*uses))
    return tuple(use for use in beyond if use != ModelUse(model=use.model))


def _difference(use: ModelUse, counted: ModelUse) -> ModelUse:
    return ModelUse(
        model=use.model,
        calls=max(use.calls - counted.calls, 0),
        input_tokens=max(use.input_tokens - counted.input_tokens, 0),
        output_tokens=max(use.output_tokens - counted.output_tokens, 0),
        cached_tokens=max(use.cached_tokens - counted.cached_tokens, 0),
    )


def _exact(price: float) -> Decimal:
    return Decimal(str(price))
