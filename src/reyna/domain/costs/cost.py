"""Costs: the use of language models by runs, its price, and sums of both."""

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import asdict, replace

from reyna.domain.costs.money import CURRENCY, NANOS_PER_DOLLAR, format_amount, parse_amount
from reyna.domain.errors import Invalid
from reyna.domain.requests.page import Page

TOKENS_PER_PRICE: Final = 10**6
MAX_MODEL_CHARACTERS: Final = 200
MAX_PRICE: Final = 10**6
MAX_ID_CHARACTERS: Final = 100
MAX_MODELS_PER_REPORT: Final = 50
MAX_SETTLED_CALLS: Final = 1_000  # of one report
MAX_ENTRIES_PER_DAY: Final = 200  # of one user: the models of workers over HTTPS have any name
COUNTED_FIELDS: Final = ("calls", "input_tokens", "output_tokens", "cached_tokens")  # of a use
OTHER_MODELS: Final = "other"
UNKNOWN_MODEL: Final = "unknown"  # of a call that was broken off before the endpoint said its name
PricePerMillion = Annotated[float, Meta(ge=0, le=MAX_PRICE)]
Grouping = Literal["day", "processor", "model"]
MAX_COUNT: Final = 10**12  # of calls or tokens of one report
Count = Annotated[int, Meta(ge=0, le=MAX_COUNT)]


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
    they cost in US dollars, null where the price is not known.

    It has no limits, since it is stored and sums are built of it: a record must be readable whatever they come to.
    """

    model: str | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    amount: str | None = None

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


class CostReport(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that one attempt at a run has used so far, by model: sent again, it counts once, and the amounts only grow.

    `settles` are the reserved calls that have ended.
    """

    attempt: Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]
    models: tuple[ModelUse, ...] = ()
    settles: tuple[str, ...] = ()

    def check_size(self) -> None:
        """Raises Invalid for more models or settled calls than one report may have, and for numbers out of bounds."""
        for number, use in enumerate(self.models):
            _check_use(use, f"/models/{number}")
        for field, found, most in (
            ("models", self.models, MAX_MODELS_PER_REPORT),
            ("settles", self.settles, MAX_SETTLED_CALLS),
        ):
            if len(found) > most:
                raise Invalid.at(f"/{field}", f"has more than {most:,} items", expected=f"at most {most:,}")


def _check_use(use: ModelUse, path: str) -> None:
    if len(use.model or "") > MAX_MODEL_CHARACTERS:
        raise Invalid.at(f"{path}/model", "is too long", expected=f"at most {MAX_MODEL_CHARACTERS} characters")
    for field in COUNTED_FIELDS:
        if not 0 <= getattr(use, field) <= MAX_COUNT:
            raise Invalid.at(f"{path}/{field}", "is out of bounds", expected=f"0 to {MAX_COUNT:,}")
    if use.amount is not None:
        parse_amount(use.amount, f"{path}/amount")


def bounded_use(use: ModelUse) -> ModelUse:
    """Returns this use within the limits of a report, for one that a worker says with its outputs."""
    counts = {field: min(max(getattr(use, field), 0), MAX_COUNT) for field in COUNTED_FIELDS}
    try:
        amount = None if use.amount is None else format_amount(parse_amount(use.amount))
    except Invalid:
        amount = None
    return replace(use, model=use.model and use.model[:MAX_MODEL_CHARACTERS], amount=amount, **counts)


class CostSum(msgspec.Struct, frozen=True, kw_only=True):
    """Calls, tokens and money together. `amount` leaves out `unpriced_tokens`, the price of which is not known; it is
    null where there are no others."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    amount: str | None = None
    currency: str = CURRENCY
    unpriced_tokens: int = 0


class CostItem(CostSum, frozen=True, kw_only=True):
    """The costs of one day, one processor or one model; the other two are null."""

    day: str | None = None
    processor_id: str | None = None
    model: str | None = None


class CostPage(Page[CostItem], frozen=True, kw_only=True):
    """A page of costs, and the total of all pages."""

    total: CostSum


class CostEntry(msgspec.Struct, frozen=True, kw_only=True):
    """The costs of one model in the runs of one processor on one day; `nanos` are billionths of a US dollar."""

    processor_id: str
    model: str | None = None
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    nanos: int = 0
    unpriced_tokens: int = 0

    def plus(self, other: "CostEntry") -> "CostEntry":
        return CostEntry(
            processor_id=self.processor_id,
            model=self.model,
            calls=self.calls + other.calls,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            nanos=self.nanos + other.nanos,
            unpriced_tokens=self.unpriced_tokens + other.unpriced_tokens,
        )


class CostDay(msgspec.Struct, frozen=True, kw_only=True):
    """The costs of one user on one day (UTC), which is its id."""

    id: str
    user_id: str
    entries: tuple[CostEntry, ...] = ()
    revision: int = 0

    def plus(self, processor_id: str, uses: Iterable[ModelUse]) -> "CostDay":
        """Returns the next revision of the day, with these uses counted."""
        entries = {(entry.processor_id, entry.model): entry for entry in self.entries}
        for use in uses:
            entry = _entry_of(processor_id, use)
            key = processor_id, entry.model
            if key not in entries and len(entries) >= MAX_ENTRIES_PER_DAY:
                key, entry = (processor_id, OTHER_MODELS), replace(entry, model=OTHER_MODELS)
            so_far = entries.get(key)
            entries[key] = entry if so_far is None else so_far.plus(entry)
        return replace(self, entries=tuple(entries.values()), revision=self.revision + 1)


def sum_of(entries: Iterable[CostEntry]) -> CostSum:
    """Returns the entries together."""
    total = CostEntry(processor_id="")
    for entry in entries:
        total = total.plus(entry)
    is_known = total.nanos > 0 or not total.unpriced_tokens
    return CostSum(
        calls=total.calls,
        input_tokens=total.input_tokens,
        output_tokens=total.output_tokens,
        cached_tokens=total.cached_tokens,
        amount=format_amount(total.nanos) if is_known else None,
        unpriced_tokens=total.unpriced_tokens,
    )


def group_costs(days: Iterable[CostDay], by: Grouping) -> list[CostItem]:
    """Returns the costs of these days by day, the newest first, or by the name of a processor or a model."""
    groups: dict[str, list[CostEntry]] = {}
    for day in days:
        for entry in day.entries:
            groups.setdefault(_key_of(day, entry, by), []).append(entry)
    return [_item(by, key, sum_of(groups[key])) for key in sorted(groups, reverse=by == "day")]


def _item(by: Grouping, key: str, costs: CostSum) -> CostItem:
    item = msgspec.convert(asdict(costs), CostItem)
    match by:
        case "day":
            return replace(item, day=key)
        case "processor":
            return replace(item, processor_id=key)
    return replace(item, model=key)


def _key_of(day: CostDay, entry: CostEntry, by: Grouping) -> str:
    match by:
        case "day":
            return day.id
        case "processor":
            return entry.processor_id
    return entry.model or UNKNOWN_MODEL


def _entry_of(processor_id: str, use: ModelUse) -> CostEntry:
    tokens = use.input_tokens + use.output_tokens
    return CostEntry(
        processor_id=processor_id,
        model=use.model,
        calls=use.calls,
        input_tokens=use.input_tokens,
        output_tokens=use.output_tokens,
        cached_tokens=use.cached_tokens,
        nanos=use.nanos,
        unpriced_tokens=tokens if use.amount is None else 0,
    )
