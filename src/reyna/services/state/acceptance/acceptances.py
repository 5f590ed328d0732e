"""The acceptances part: takes what a processor derived from a note into the accepted text of that note."""

from typing import Final

import msgspec
from msgspec.structs import replace

from reyna.domain.blob import Blob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound, StaleRevision
from reyna.domain.requests.acceptance import NewAcceptance
from reyna.domain.requests.idempotency import Key
from reyna.ports.store import RequirementNotMet, Store
from reyna.services.state.acceptance.accepted_text import AcceptedTextWriter, accepted_text_id
from reyna.services.state.acceptance.derived_text import text_of, trace_derived
from reyna.services.state.acceptance.offer import Offer, apply_offer, note_revision_after, read_numbers
from reyna.services.state.acceptance.origins import ACCEPTED_SCHEMA
from reyna.services.state.content.blob_reader import BlobReader
from reyna.services.state.records import BLOBS
from reyna.services.state.revisions.revision_storage import is_same_json, run_in_thread_if_large
from reyna.services.state.revisions.revisions import Revisions
from reyna.storage.idempotency import IdempotencyKeys, IdempotencyRecord, idempotent
from reyna.storage.logical_clock import retry_when_clock_is_behind

MAX_ATTEMPTS: Final = 20  # at a text that others change at the same moment
IN_TRASH: Final = "is in the trash; restore it first."


async def _repeat_acceptance(part: "Acceptances", caller: Caller, request: IdempotencyRecord) -> Blob:
    """Returns what the first request was answered with."""
    try:
        then = await part.revisions.get(caller, request.made_id, request.answer["revision"])
    except NotFound as purged:
        raise NotFound("What this request made was purged since.", id=request.made_id) from purged
    return msgspec.convert(request.answer | {"data": then.data}, Blob)


class Acceptances:
    """The verb on acceptances. It changes neither the note nor the derived blob."""

    def __init__(
        self,
        store: Store,
        idempotency_keys: IdempotencyKeys,
        blobs: BlobReader,
        revisions: Revisions,
        writer: AcceptedTextWriter,
    ) -> None:
        self._store, self._blobs, self._writer = store, blobs, writer
        self.revisions, self.idempotency_keys = revisions, idempotency_keys

    @idempotent("blob", _repeat_acceptance)
    @retry_when_clock_is_behind
    async def accept(self, caller: Caller, id: str, new: NewAcceptance, *, key: Key = None) -> Blob:
        """Accepts a text that was derived from this blob, all of it or some paragraphs, and returns the accepted text.

        The first acceptance makes it, as a blob beside the note, and each further one a revision of it. On a blob that
        is an edited text itself, it makes a revision of that. Those of others at the same moment stay: this one is
        applied to what they made. What changes nothing makes no revision.

        Raises Invalid for a blob that was not derived from this one or holds no text, and for numbers of paragraphs
        that are not there, StaleRevision, with `current`, when `base_revision` is not the newest, Conflict when one of
        the three blobs is in the trash, and Forbidden for processors.
        """
        if caller.kind == "processor":
            raise Forbidden("Only a person accepts a text.")
        for _ in range(MAX_ATTEMPTS):
            await self.idempotency_keys.check_unused(caller, key)
            offer = await self._load_offer(caller, id, new.derived_blob_id)
            indexes = read_numbers(new, offer.text)
            accepted = await self._load_accepted(caller, offer.note)
            await self._check_base(new, accepted)
            size = offer.derived.size + (0 if accepted is None else accepted.size)
            data = await run_in_thread_if_large(size, apply_offer, offer, accepted, indexes)
            since = note_revision_after(offer, accepted, indexes)
            try:
                if accepted is None:
                    return await self._writer.create(caller, offer.note, offer.derived, data, offer.note_revision, key)
                if is_same_json(data, accepted.data) and since == accepted.parent_revision:
                    return await self._blobs.describe(accepted)
                return await self._writer.change(caller, accepted, offer.derived, data, since, key)
            except RequirementNotMet:
                continue
        raise Conflict("This text is being changed by others without pause. Try again.", blob_id=id)

    async def _load_offer(self, caller: Caller, id: str, derived_id: str) -> Offer:
        note, derived = await self._blobs.load(caller, id), await self._load_derived(caller, derived_id)
        _check_out_of_trash(note, "This blob")
        _check_out_of_trash(derived, "The derived blob")
        above = await self._store.walk(BLOBS, caller.user_id, [derived_id], "parent_id", toward="parents")
        line = [blob for _, blob in sorted(above, key=lambda one: one[0])]
        made_of_it = next((blob for blob in line if blob.parent_id == id), None)
        if made_of_it is None or derived_id == accepted_text_id(id):
            raise Invalid.at("/derived_blob_id", "was not derived from this blob", expected=f"a blob made from {id}")
        text, first = text_of(derived), await self.revisions.get(caller, derived_id, 1)
        return Offer(
            note,
            derived,
            await run_in_thread_if_large(derived.size, trace_derived, derived, text, first),
            made_of_it.parent_revision or note.data_since,
            frozenset(blob.id for blob in line if blob.id != derived_id),
        )

    async def _load_derived(self, caller: Caller, id: str) -> Blob:
        try:
            return await self._blobs.load(caller, id)
        except NotFound:
            raise NotFound(f"There is no blob {id} of yours.", id=id, field="derived_blob_id") from None

    async def _load_accepted(self, caller: Caller, note: Blob) -> Blob | None:
        """Returns the accepted text of a note; None before the first acceptance."""
        if note.schema_id == ACCEPTED_SCHEMA:
            return note
        accepted = await self._store.get(BLOBS, caller.user_id, accepted_text_id(note.id))
        if accepted is not None:
            _check_out_of_trash(accepted, "The accepted text")
        return accepted

    async def _check_base(self, new: NewAcceptance, accepted: Blob | None) -> None:
        revision = 0 if accepted is None else accepted.revision
        if new.base_revision in (None, revision):
            return
        current = None if accepted is None else await self._blobs.describe(accepted)
        raise StaleRevision(
            "The accepted text was changed since you read it. Nothing was accepted.",
            yours=new.base_revision,
            current=current,
        )


def _check_out_of_trash(blob: Blob, called: str) -> None:
    if blob.trashed_at is not None:
        raise Conflict(f"{called} {IN_TRASH}", current=replace(blob, bucket_ids=()))
