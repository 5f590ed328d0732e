"""The model that a run will ask: that of the installation, or one of its user."""

from reyna.domain.errors import NotFound
from reyna.ports.prices import PricedModel
from reyna.services.processors.models.model_prices import priced
from reyna.services.processors.models.models import Models


class AskedModels:
    """Finds the model of a run, with its price."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self.amount_of = models.prices.amount_of

    async def find(self, user_id: str, id: str | None) -> PricedModel | None:
        """Returns the model of this user, or that of the installation for None; None when it is not there."""
        if id is None:
            return self._models.prices.system_model()
        try:
            return priced(await self._models.get_stored(user_id, id))
        except NotFound:
            return None
