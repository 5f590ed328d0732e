"""The prices of models, as their users set them or as they are listed."""

from msgspec.structs import replace

from reyna.domain.costs.cost import ModelUse
from reyna.domain.processing.model import SYSTEM_MODEL_ID, Model, StoredModel
from reyna.language.prices import amount_of, price_source
from reyna.ports.models import ModelSource
from reyna.ports.prices import PricedModel, PriceList


class ModelPrices:
    """Prices calls of models, and says where their prices are from."""

    def __init__(self, source: ModelSource, listed: PriceList) -> None:
        self._source, self._listed = source, listed

    def system_model(self) -> PricedModel | None:
        """Returns the model of the settings with its price there."""
        return self._source.priced_system_model()

    async def amount_of(self, model: PricedModel | None, use: ModelUse) -> int | None:
        """Returns what this use costs in billionths of a US dollar, or None when the model or its price is not known.

        The name of the model in the use counts before that of the model, since an endpoint may answer by another one.
        """
        if model is None:
            return None
        known = await amount_of(replace(model, model=use.model or model.model), use, self._listed)
        return await amount_of(model, use, self._listed) if known is None else known

    async def show(self, model: StoredModel) -> Model:
        """Returns the model as its user sees it."""
        return replace(model.without_key(), price_source=await price_source(priced(model), self._listed))

    async def show_system(self, model: Model) -> Model:
        """Returns a model of the installation with the source of its price."""
        found = PricedModel(provider=model.provider, url=model.url, model=model.model)
        known = (self.system_model() if model.id == SYSTEM_MODEL_ID else None) or found
        return replace(model, price_source=await price_source(known, self._listed))


def priced(model: StoredModel) -> PricedModel:
    return PricedModel(provider=model.provider, url=model.url, model=model.model, price=model.price)
