"""The models of an installation, of which a test says what they answer."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from reyna.domain.errors import Invalid
from reyna.domain.processing.model import SYSTEM_MODEL_ID, Model
from reyna.ports.language import Completion, Language, ModelEndpoint, Prompt
from reyna.ports.prices import PricedModel

FORBIDDEN_URL = "http://169.254.169.254/v1"


class ModelsStandIn:
    """A ModelSource with a system model; every model answers "Yes.", or raises `error`."""

    def __init__(self) -> None:
        self.opened: list[ModelEndpoint | None] = []
        self.error: Exception | None = None
        self.system = PricedModel(provider="embedded", model="small")

    def system_models(self) -> Sequence[Model]:
        return (Model(id=SYSTEM_MODEL_ID, name="small", provider="embedded", model="small", scope="system"),)

    def priced_system_model(self) -> PricedModel | None:
        return self.system

    def check_url(self, url: str) -> None:
        if url == FORBIDDEN_URL:
            raise Invalid.at("/url", "leads to an address that no model may have")

    @asynccontextmanager
    async def open_once(self, endpoint: ModelEndpoint | None) -> AsyncIterator[Language]:
        self.opened.append(endpoint)
        yield self

    async def complete(self, prompt: Prompt) -> Completion:
        if self.error:
            raise self.error
        return Completion(text="Yes.", model="m-1", input_tokens=9, output_tokens=2)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        yield await self.complete(prompt)
