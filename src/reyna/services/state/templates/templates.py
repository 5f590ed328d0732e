"""The templates part: list, read, save, import and delete templates."""

import asyncio
import zlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotFound, StaleRevision
from reyna.domain.ids import ulid_of
from reyna.domain.requests.idempotency import Key
from reyna.domain.requests.page import Page, check_limit, decode_cursor, encode_cursor
from reyna.domain.requests.precondition import IfMatch
from reyna.domain.templates.checks import check_document
from reyna.domain.templates.document import TemplateDocument
from reyna.domain.templates.template import NewTemplate, Template, describe_template
from reyna.ports.store import Delete, Increment, Put, Require, RequirementNotMet, Store
from reyna.services.state.templates.document_reading import DocumentReader
from reyna.services.state.templates.shipped_templates import SHIPPED_IDS, shipped_documents, shipped_templates
from reyna.services.state.templates.template_records import TEMPLATE_DOCUMENTS, TEMPLATES, TEMPLATES_SUM, StoredDocument
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import LogicalClock, retry_when_clock_is_behind
from reyna.transport.rpc import long_running

MAX_TEMPLATES: Final = 200  # of one user
DOCUMENT_DECODER: Final = msgspec.json.Decoder(TemplateDocument)


async def _repeat_template(part: "Templates", caller: Caller, request: IdempotencyRecord) -> Template:
    return await part.get(caller, request.made_id)


class Templates:
    """The verbs on templates, but for their use."""

    def __init__(
        self, store: Store, clock: LogicalClock, idempotency_keys: IdempotencyKeys, reader: DocumentReader
    ) -> None:
        self._store, self._clock, self._reader = store, clock, reader
        self.idempotency_keys = idempotency_keys

    async def list(self, caller: Caller, *, limit: int = 50, cursor: str | None = None) -> Page[Template]:
        """Returns the templates that come with the studio, and behind them the caller's own, newest first."""
        place = decode_cursor(cursor, str)
        after = None if place is None else str(place[0])
        fetched = check_limit(limit) + 1
        start = 0 if after is None else SHIPPED_IDS.index(after) + 1 if after in SHIPPED_IDS else len(SHIPPED_IDS)
        shipped = shipped_templates()
        found = [shipped[id] for id in SHIPPED_IDS[start : start + fetched]]
        if len(found) < fetched:
            behind = None if after is None or after in SHIPPED_IDS else (after,)
            found += await self._store.find(
                TEMPLATES, caller.user_id, descending=True, after=behind, limit=fetched - len(found)
            )
        more = encode_cursor(found[limit - 1].id) if len(found) > limit else None
        return Page(items=tuple(found[:limit]), next_cursor=more)

    async def get(self, caller: Caller, id: str) -> Template:
        """Returns a template. Raises NotFound."""
        if (shipped := shipped_templates().get(id)) is not None:
            return shipped
        if (template := await self._store.get(TEMPLATES, caller.user_id, id)) is not None:
            return template
        raise NotFound("There is no template of yours under this id.", id=id)

    async def document(self, caller: Caller, id: str) -> TemplateDocument:
        """Returns the document of a template, as it is written into a file. Raises NotFound."""
        if (shipped := shipped_documents().get(id)) is not None:
            return shipped
        if (stored := await self._store.get(TEMPLATE_DOCUMENTS, caller.user_id, id)) is not None:
            return await asyncio.to_thread(_unpack, stored.packed)
        raise NotFound("There is no template of yours under this id.", id=id)

    @long_running
    @idempotent("template", _repeat_template)
    @retry_when_clock_is_behind
    async def save(self, caller: Caller, new: NewTemplate, *, key: Key = None) -> Template:
        """Saves a template of a bucket as it is now. Raises NotFound, Conflict for one in the trash, Invalid, and
        TooMuch above 200 templates, 10,000 buckets and texts or 8 MiB."""
        found = await self._reader.read(caller, new)
        return await self._create(caller, found.document, key, left_out=found.left_out)

    @long_running
    @idempotent("template", _repeat_template)
    @retry_when_clock_is_behind
    async def import_document(self, caller: Caller, document: TemplateDocument, *, key: Key = None) -> Template:
        """Saves a template out of a document. Raises Invalid, by path, and TooMuch as `save` does."""
        return await self._create(caller, document, key)

    async def delete(self, caller: Caller, id: str, *, if_match: IfMatch | None = None) -> None:
        """Deletes a template; what was made with it stays. Raises NotFound, Forbidden for one that comes with the
        studio, and PreconditionFailed."""
        template = await self.get(caller, id)
        if template.origin == "shipped":
            raise Forbidden("This template comes with the studio; it cannot be deleted.", id=id)
        if if_match is not None:
            if_match.check(template.revision, current=template)
        try:
            await self._store.write(
                Require(TEMPLATES, caller.user_id, id, {"revision": template.revision}),
                Delete(TEMPLATES, caller.user_id, id),
                Delete(TEMPLATE_DOCUMENTS, caller.user_id, id),
                Increment(caller.user_id, TEMPLATES_SUM, -1),
                messages=[template.event("deleted", caller).message()],
            )
        except RequirementNotMet:
            raise StaleRevision(template_id=id, current=await self.get(caller, id)) from None

    async def _create(self, caller: Caller, document: TemplateDocument, key: Key, *, left_out: int = 0) -> Template:
        document = await asyncio.to_thread(check_document, document)
        number, now = self._clock.next(caller.user_id), datetime.now(UTC)
        id = f"template-{ulid_of(number)}"  # which is the order of the list
        template = describe_template(document, id=id, user_id=caller.user_id, left_out=left_out, created_at=now)
        packed = await asyncio.to_thread(_pack, document)
        try:
            await self._store.write(
                Put(TEMPLATES, template),
                Put(TEMPLATE_DOCUMENTS, StoredDocument(id=template.id, user_id=caller.user_id, packed=packed)),
                Increment(caller.user_id, TEMPLATES_SUM, 1, MAX_TEMPLATES),
                self._clock.step(caller.user_id, number),
                *self.idempotency_keys.steps(caller, key, template.id),
                messages=[template.event("created", caller).message()],
            )
        except RequirementNotMet as unmet:
            raise Conflict("The same request was made at the same moment. Try again.") from unmet
        return template


def _pack(document: TemplateDocument) -> bytes:
    return zlib.compress(msgspec.json.encode(document))


def _unpack(packed: bytes) -> TemplateDocument:
    return DOCUMENT_DECODER.decode(zlib.decompress(packed))
