"""The models of an installation: that of its settings, those found on its machine, and the way to those of users."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from reyna.domain.processing.model import Model
from reyna.ports.language import Language, ModelEndpoint
from reyna.ports.prices import PricedModel


class ModelSource(Protocol):
    """The models that are there, and opening one of them."""

    def system_models(self) -> Sequence[Model]:
        """Returns the model of the settings, and those that were found on this machine."""
        ...

    def priced_system_model(self) -> PricedModel | None:
        """Returns the model of the settings with its price there, None without a model."""
        ...

    def check_url(self, url: str) -> None:
        """Raises Invalid for a URL that leads to an address that a user must not reach through the server."""
        ...

    def open_once(self, endpoint: ModelEndpoint | None) -> AbstractAsyncContextManager[Language]:
        """Opens the model of a user, or that of the settings, for a single call without retries."""
        ...
