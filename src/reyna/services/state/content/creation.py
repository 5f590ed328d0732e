"""The record of a new blob, the steps that write it, and the checks of the request for it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from reyna.domain import rank
from reyna.domain.blob import MAX_BUCKETS, AuthorKind, Blob, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, Invalid, NotFound
from reyna.domain.ids import ID, check_slug, ulid_of
from reyna.domain.placement import Placement, placement_id
from reyna.ports.store import Put, Require, Step, Store
from reyna.services.state.records import BLOBS, BUCKETS, PLACEMENTS
from reyna.services.state.structure.subtree import LIVE

USER_INPUT: Final = "user-input"  # the processor id of everything that people write


def check_creation(caller: Caller, new: NewBlob, id: str | None) -> None:
    """Raises Forbidden for an id that is not the caller's to choose, and Invalid for another processor's name or too
    many buckets."""
    if id is not None and caller.run_id is None and not (ID.fullmatch(id) and id.startswith("blob-")):
        raise Forbidden("Only a run may say under which id its output is kept.")
    own = caller.processor_id if caller.kind == "processor" and caller.run_id is not None else USER_INPUT
    if new.processor_id != own and caller.kind != "import":
        check_slug("processor_id", new.processor_id)
        raise Invalid.at("/processor_id", "only a run of this processor may say that it made this", expected=own)
    if len(new.bucket_ids) > MAX_BUCKETS:
        raise Invalid.at("/bucket_ids", f"has more than {MAX_BUCKETS} buckets", expected=f"at most {MAX_BUCKETS}")


def author_kind(caller: Caller) -> AuthorKind:
    """Returns the kind of author that a revision by this caller has."""
    return caller.kind if caller.kind in ("processor", "import") else "user"


def new_blob(
    caller: Caller,
    new: NewBlob,
    size: int,
    schema_version: str,
    number: int,
    *,
    id: str | None,
    parent_revision: int | None,
) -> Blob:
    """Returns the blob in its first revision; `number` is its place in the order of its user."""
    now, sequence = datetime.now(UTC), ulid_of(number)
    return Blob(
        id=id or f"blob-{sequence}",
        user_id=caller.user_id,
        processor_id=check_slug("processor_id", new.processor_id),
        schema_id=new.schema_id,
        schema_version=schema_version,
        data=new.data,
        bucket_ids=tuple(dict.fromkeys(new.bucket_ids)),
        parent_id=new.parent_id,
        parent_revision=parent_revision,
        data_revision=1,
        size=size,
        created_by=caller.name,
        changed_by=caller.name,
        author_kind=author_kind(caller),
        created_at=now,
        updated_at=now,
        sequence=sequence,
    )


def creation_steps(blob: Blob, number: int, ranks: Mapping[str, str] = {}) -> list[Step]:
    """Returns the steps of one write: the blob, its placements, and that its buckets and its source are there.

    `ranks` are its positions by bucket; where none is given, it is the last.
    """
    steps: list[Step] = [Put(BLOBS, blob)]
    last = rank.last(number, blob.id)
    for bucket_id in blob.bucket_ids:
        steps.append(Require(BUCKETS, blob.user_id, bucket_id, LIVE))
        steps.append(
            Put(
                PLACEMENTS,
                Placement(
                    id=placement_id(bucket_id, blob.id),
                    user_id=blob.user_id,
                    bucket_id=bucket_id,
                    blob_id=blob.id,
                    rank=ranks.get(bucket_id, last),
                    number=number,
                    created_at=blob.created_at,
                ),
            )
        )
    if blob.parent_id is not None:
        steps.append(Require(BLOBS, blob.user_id, blob.parent_id))
    return steps


def without_data(blob: Blob) -> dict[str, Any]:
    """Returns the fields of the blob but its data, which its first revision keeps."""
    fields: dict[str, Any] = msgspec.to_builtins(replace(blob, data=None))
    del fields["data"]
    return fields


async def find_missing(store: Store, caller: Caller, new: NewBlob) -> NotFound | Conflict:
    """Returns the refusal that names what a creation needs and does not find."""
    found = (
        await store.select(BUCKETS, caller.user_id, ("id",), LIVE | {"id": new.bucket_ids}) if new.bucket_ids else []
    )
    for bucket_id in new.bucket_ids:
        if (bucket_id,) not in found:
            return NotFound(f"There is no bucket {bucket_id} of yours.", id=bucket_id, field="bucket_ids")
    if new.parent_id is not None and await store.get(BLOBS, caller.user_id, new.parent_id) is None:
        return NotFound(f"There is no blob {new.parent_id} of yours.", id=new.parent_id, field="parent_id")
    return Conflict("Something this blob needs was changed at the same moment. Try again.")
