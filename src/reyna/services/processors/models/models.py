"""The language models of each user: verbs to add, list, change, delete and try them out."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Fault, Invalid, NotFound, Refusal, TooMuch
from reyna.domain.ids import new_id
from reyna.domain.processing.model import Model, ModelChange, ModelCheck, NewModel, StoredModel
from reyna.domain.processing.processor import Processor
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.language import ModelEndpoint, Prompt
from reyna.ports.store import Delete, Put, RequirementNotMet, Store
from reyna.services.processors.authorization import check_not_processor
from reyna.services.processors.models.key_encryption import key_hint
from reyna.services.processors.models.model_access import ModelAccess
from reyna.services.processors.models.model_prices import ModelPrices
from reyna.services.processors.records import MODELS, newest_first
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.transport.rpc import long_running

MAX_MODELS: Final = 50  # of one user
CHECK_PROMPT: Final = Prompt(system="Answer in one word.", user="Hello!", max_tokens=16)


async def _read_answer(models: "Models", caller: Caller, record: IdempotencyRecord) -> Model:
    return msgspec.convert(record.answer, Model)


class Models:
    """The models of each user. A key goes in, and never comes out."""

    def __init__(
        self,
        store: Store,
        access: ModelAccess,
        clock: Callable[[], datetime],
        idempotency_keys: IdempotencyKeys,
    ) -> None:
        self._store, self._source = store, access.source
        self._encryption, self._trusted = access.encryption, access.trusted
        self._clock, self.idempotency_keys = clock, idempotency_keys
        self.prices = ModelPrices(access.source, access.prices)

    async def create(self, caller: Caller, new: NewModel, *, key: Key = None) -> Model:
        """Adds a model. Raises Invalid for a URL that is not allowed, and TooMuch above 50 models."""
        check_not_processor(caller)
        return await self._create(caller, new, key=key)

    async def list(self, caller: Caller, *, limit: int = DEFAULT_LIMIT, cursor: str | None = None) -> Page[Model]:
        """Returns one page of the caller's models, newest first; the first page begins with those of the system."""
        page = await newest_first(self._store, MODELS, caller.user_id, {}, by="created_at", limit=limit, cursor=cursor)
        shared = () if cursor else [await self.prices.show_system(one) for one in self._source.system_models()]
        own = [await self.prices.show(one) for one in page.items]
        return Page(items=(*shared, *own), next_cursor=page.next_cursor)

    async def change(self, caller: Caller, id: str, change: ModelChange, *, if_match: IfMatch | None = None) -> Model:
        """Raises NotFound, Invalid for a URL that is not allowed or a key that would go elsewhere, and Conflict."""
        check_not_processor(caller)
        model = await self.get_stored(caller.user_id, id)
        if if_match is not None:
            if_match.check(model.revision, current=model.without_key())
        changed = self._changed(model, change)
        if changed == model:
            return await self.prices.show(model)
        changed = replace(changed, revision=model.revision + 1, updated_at=self._clock())
        try:
            await self._store.write(
                Put(MODELS, changed, expects=model.revision), messages=[changed.event("changed", caller).message()]
            )
        except RequirementNotMet:
            raise Conflict("This model was changed at the same moment. Try again.", id=id) from None
        return await self.prices.show(changed)

    async def delete(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> None:
        """Removes the model with its key. Raises NotFound."""
        check_not_processor(caller)
        model = await self.get_stored(caller.user_id, id)
        if if_match is not None:
            if_match.check(model.revision, current=model.without_key())
        event = model.event("changed", caller, dropped=True)
        try:
            await self._store.write(Delete(MODELS, caller.user_id, id), messages=[event.message()])
        except RequirementNotMet:
            raise _no_model(id) from None

    @long_running
    async def test(self, caller: Caller, id: str) -> ModelCheck:
        """Asks the model for a word, and returns how long that took, or what is wrong. Raises NotFound."""
        check_not_processor(caller)
        endpoint = None if self._is_system_model(id) else self.endpoint_of(await self.get_stored(caller.user_id, id))
        begin = time.monotonic()
        try:
            async with self._source.open_once(endpoint) as language:
                answer = await language.complete(CHECK_PROMPT)
        except (Fault, Refusal) as error:
            return ModelCheck(works=False, detail=error.detail)
        return ModelCheck(
            works=True,
            detail=f"{answer.model} answers.",
            seconds=round(time.monotonic() - begin, 3),
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
        )

    # --- for runs ---

    async def check_choice(self, user_id: str, processor: Processor, id: object) -> None:
        """Raises Invalid unless the runs of this processor can use the model for this user."""
        if not isinstance(id, str):
            raise Invalid.at("/model", "must be the id of a model", expected="a text")
        if self._is_system_model(id):
            return
        await self.check_owner(user_id, id)
        if processor.scope == "user" or processor.id not in self._trusted:
            raise Invalid.at("/model", f"{processor.id} does not ship with the studio and cannot use a model of yours")

    async def check_owner(self, user_id: str, id: str) -> None:
        if await self._store.get(MODELS, user_id, id) is None:
            raise Invalid.at("/model", "there is no model of yours under this id")

    async def get_stored(self, user_id: str, id: str) -> StoredModel:
        """Raises NotFound. No verb: its first parameter is no caller."""
        model = await self._store.get(MODELS, user_id, id)
        if model is None:
            raise _no_model(id)
        return model

    def endpoint_of(self, model: StoredModel) -> ModelEndpoint:
        """Returns the endpoint with the decrypted key. Raises Invalid when the key cannot be read any more."""
        encrypted = model.encrypted_key
        key = None if encrypted is None else self._encryption.decrypt(encrypted, model.user_id, model.id)
        return ModelEndpoint(provider=model.provider, url=model.url, key=key, model=model.model)

    def _is_system_model(self, id: str) -> bool:
        return any(one.id == id and not one.found for one in self._source.system_models())

    @idempotent("model", _read_answer)
    async def _create(self, caller: Caller, new: NewModel, *, key: Key = None) -> Model:
        if new.provider == "embedded":
            raise self._refuse_embedded()
        self._check_url(new.url)
        _check_prices(new.input_price, new.output_price)
        if len(await self._store.find(MODELS, caller.user_id, {}, limit=MAX_MODELS)) >= MAX_MODELS:
            raise TooMuch(f"You have {MAX_MODELS} models already. Delete one first.")
        id, now = new_id("model"), self._clock()
        model = StoredModel(
            id=id,
            user_id=caller.user_id,
            name=new.name,
            provider=new.provider,
            url=new.url,
            model=new.model,
            encrypted_key=None if new.key is None else self._encryption.encrypt(new.key, caller.user_id, id),
            key_hint=None if new.key is None else key_hint(new.key),
            input_price=new.input_price,
            output_price=new.output_price,
            created_at=now,
            updated_at=now,
        )
        shown = await self.prices.show(model)
        remember_key = self.idempotency_keys.steps(caller, key, id, shown)
        try:
            await self._store.write(
                Put(MODELS, model), *remember_key, messages=[model.event("changed", caller).message()]
            )
        except RequirementNotMet as unmet:
            raise Conflict("The same request was made at the same moment. Try again.") from unmet
        return shown

    def _refuse_embedded(self) -> Invalid:
        """Returns why the embedded model is not added, and how it is chosen instead."""
        system = next((one for one in self._source.system_models() if one.provider == "embedded"), None)
        if system is None:
            reason = "this installation has no embedded model: REYNA_LLM_URL takes its place"
        else:
            reason = f"the embedded model belongs to everybody: choose it as {system.id}"
        return Invalid.at("/provider", reason, expected="openai or anthropic")

    def _changed(self, model: StoredModel, change: ModelChange) -> StoredModel:
        name = model.name if change.name is msgspec.UNSET else change.name
        asked = model.model if change.model is msgspec.UNSET else change.model
        url = model.url if change.url is msgspec.UNSET else change.url
        if url != model.url:
            self._check_url(url)
            if change.key is msgspec.UNSET and model.encrypted_key is not None:
                raise Invalid.at("/key", "must be entered again, since the URL is another one")
        input_price = model.input_price if change.input_price is msgspec.UNSET else change.input_price
        output_price = model.output_price if change.output_price is msgspec.UNSET else change.output_price
        _check_prices(input_price, output_price)
        changed = replace(model, name=name, model=asked, url=url, input_price=input_price, output_price=output_price)
        match change.key:
            case str(key):
                encrypted = self._encryption.encrypt(key, model.user_id, model.id)
                return replace(changed, encrypted_key=encrypted, key_hint=key_hint(key))
            case None:
                return replace(changed, encrypted_key=None, key_hint=None)
        return changed

    def _check_url(self, url: str | None) -> None:
        if url is not None:
            self._source.check_url(url)


def _check_prices(input_price: float | None, output_price: float | None) -> None:
    """Raises Invalid for one without the other."""
    if (input_price is None) != (output_price is None):
        missing = "/input_price" if input_price is None else "/output_price"
        raise Invalid.at(
            missing, "is missing: set the input price and the output price together", expected="both prices or none"
        )


def _no_model(id: str) -> NotFound:
    return NotFound("There is no model of yours under this id.", id=id)
