"""The models of an installation that has none."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from reyna.domain.errors import Invalid
from reyna.domain.processing.model import Model
from reyna.ports.language import Language, ModelEndpoint
from reyna.ports.prices import PricedModel


class NoModels:
    """A ModelSource without models, which allows no URL."""

    def system_models(self) -> Sequence[Model]:
        return ()

    def priced_system_model(self) -> PricedModel | None:
        return None

    def check_url(self, url: str) -> None:
        raise Invalid.at("/url", "no models can be added here")

    def open_once(self, endpoint: ModelEndpoint | None) -> AbstractAsyncContextManager[Language]:
        raise Invalid("No models can be called here.")
