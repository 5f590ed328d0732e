"""Routes for copies of whole buckets and for bulks."""

from typing import Final

import msgspec
from litestar import post
from litestar.params import FromPath, JSONBody

from reyna.domain.bucket import Bucket
from reyna.domain.requests.operation import NewBulk
from reyna.services.state.bulk.bulk import Outcomes
from reyna.services.state.routes.dependencies import Content
from reyna.transport.http import CurrentCaller, IdempotencyKeyHeader


class Copy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`parent_bucket_id`: null for a root, left out for the parent of the original. `deep`: with blobs of its own."""

    parent_bucket_id: str | msgspec.UnsetType | None = msgspec.UNSET
    after: str | msgspec.UnsetType | None = msgspec.UNSET
    deep: bool = False


@post("/buckets/{id:str}/copy")
async def copy_bucket(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    key: IdempotencyKeyHeader,
    data: JSONBody[Copy | None] = None,
) -> Bucket:
    """A bucket and all below it once more: the same blobs placed in new buckets, or with `deep` new blobs like them. At
    most 20,000 buckets and places, and 64 MiB of data."""
    wanted = data or Copy()
    return await content.copies.copy_bucket(
        caller, id, under=wanted.parent_bucket_id, after=wanted.after, deep=wanted.deep, key=key
    )


@post("/bulk", status_code=200)
async def bulk(content: Content, caller: CurrentCaller, data: JSONBody[NewBulk], key: IdempotencyKeyHeader) -> Outcomes:
    """Up to 1,000 operations in one write, in the words of the socket's actions, undone as one. `atomic`: all or none,
    and a refusal names the `index` it is about; otherwise each has its own outcome."""
    return await content.bulk.apply(caller, data, key=key)


routes: Final = [copy_bucket, bulk]
