"""Language models of a user: an endpoint with its key, under a name."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import Price, PricePerMillion
from reyna.domain.event import Event

SYSTEM_MODEL_ID: Final = "model-system"  # that of the settings

ModelProvider = Literal["openai", "anthropic", "embedded"]
ModelName = Annotated[str, Meta(min_length=1, max_length=200)]
ModelUrl = Annotated[str, Meta(pattern="^https?://[^@]+$", max_length=2000)]  # without a password, which would be shown
ModelKey = Annotated[str, Meta(min_length=1, max_length=2000, pattern=r"^[\x21-\x7e]+$")]


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A model as its user sees it: of its key only the last four characters.

    `scope` "system": the model of the settings, for everybody. `demonstration`: it is small, and there to try things
    out. `found`: it answers on this machine, and is nobody's yet. `input_price` and `output_price` are those that its
    user has set, in US dollars for a million tokens; `price_source` says which price counts.
    """

    id: str
    name: str
    provider: ModelProvider
    url: str | None = None
    model: str
    key_hint: str | None = None
    scope: Literal["system", "user"] = "user"
    demonstration: bool = False
    found: bool = False
    input_price: float | None = None
    output_price: float | None = None
    price_source: Literal["own", "free", "listed", "unknown"] | None = None
    revision: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None


class StoredModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model of a user as it is stored: with its key encrypted."""

    id: str
    user_id: str
    name: str
    provider: ModelProvider
    url: str | None = None
    model: str
    encrypted_key: str | None = None
    key_hint: str | None = None
    input_price: float | None = None
    output_price: float | None = None
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def price(self) -> Price | None:
        """Returns the price that the user has set."""
        if self.input_price is None or self.output_price is None:
            return None
        return Price(self.input_price, self.output_price)

    def without_key(self) -> Model:
        return Model(
            id=self.id,
            name=self.name,
            provider=self.provider,
            url=self.url,
            model=self.model,
            key_hint=self.key_hint,
            input_price=self.input_price,
            output_price=self.output_price,
            revision=self.revision,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )

    def event(self, action: Literal["changed"], caller: Caller, **facts: Any) -> Event:
        about = {"model_id": self.id, "name": self.name, "provider": self.provider, "revision": self.revision}
        return Event.now(f"model.{action}", caller, about | facts, about=self.id)


class NewModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model to add; `url` is the provider's own when it is left out. Prices are in US dollars for a million tokens;
    without them, those of the provider count."""

    name: ModelName
    provider: ModelProvider
    url: ModelUrl | None = None
    key: ModelKey | None = None
    model: ModelName
    input_price: PricePerMillion | None = None
    output_price: PricePerMillion | None = None

    def __repr__(self) -> str:
        return f"NewModel({self.name!r})"


class ModelChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`key` null forgets the key; a price of null is that of the provider again."""

    name: ModelName | msgspec.UnsetType = msgspec.UNSET
    url: ModelUrl | msgspec.UnsetType | None = msgspec.UNSET
    key: ModelKey | msgspec.UnsetType | None = msgspec.UNSET
    model: ModelName | msgspec.UnsetType = msgspec.UNSET
    input_price: PricePerMillion | msgspec.UnsetType | None = msgspec.UNSET
    output_price: PricePerMillion | msgspec.UnsetType | None = msgspec.UNSET

    def __repr__(self) -> str:
        return "ModelChange(…)"


class ModelCheck(msgspec.Struct, frozen=True, kw_only=True):
    """The result of trying a model out: an answer with its time in seconds and its tokens, or what is wrong."""

    works: bool
    detail: str
    seconds: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class RunModel(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoint of the model that a run names, with its key, for the worker that runs it."""

    provider: ModelProvider
    url: str | None = None
    key: str | None = None
    model: str

    def __repr__(self) -> str:
        return f"RunModel({self.provider}, {self.model!r})"
