"""The prices of the calls of a run: those of the model that it names, or of the model of the installation."""

from reyna.domain.costs.cost import ModelUse
from reyna.domain.processing.run import Run
from reyna.ports.prices import PricedModel
from reyna.ports.store import Store
from reyna.services.processors.models.model_prices import ModelPrices, priced
from reyna.services.processors.records import MODELS


class RunPrices:
    """Prices the calls of runs. A user's own processor asks models that the studio does not know, which have no price
    here."""

    def __init__(self, store: Store, prices: ModelPrices) -> None:
        self._store, self._prices = store, prices

    async def amount_of(self, run: Run, use: ModelUse) -> int | None:
        """Returns what this use costs in billionths of a US dollar, or None when the price is not known."""
        return await self._prices.amount_of(await self.model_of(run), use)

    async def model_of(self, run: Run) -> PricedModel | None:
        """Returns the model that the run asks, or None when it is not known here."""
        if run.processor_scope == "user":
            return None
        if run.model is None:
            return self._prices.system_model()
        stored = await self._store.get(MODELS, run.user_id, run.model)
        return None if stored is None else priced(stored)
