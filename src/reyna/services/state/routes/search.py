"""The route of search."""

from datetime import UTC, datetime
from typing import Final, Literal

from litestar import get
from litestar.params import FromQuery

from reyna.domain.errors import Invalid
from reyna.domain.requests.page import DEFAULT_LIMIT
from reyna.domain.search.entry import EntryKind, SortOrder
from reyna.domain.search.hit import SearchMode, SearchPage
from reyna.services.state.routes.dependencies import Content
from reyna.transport.http import RUN_TOKEN, CurrentCaller, Cursor, Limit


@get("/search", opt=RUN_TOKEN)
async def search(
    content: Content,
    caller: CurrentCaller,
    q: FromQuery[str] = "",
    mode: FromQuery[SearchMode] = "hybrid",
    kind: FromQuery[EntryKind | None] = None,
    bucket_id: FromQuery[str | None] = None,
    type: FromQuery[str | None] = None,
    schema_id: FromQuery[str | None] = None,
    processor_id: FromQuery[str | None] = None,
    since: FromQuery[str | None] = None,
    until: FromQuery[str | None] = None,
    stale: FromQuery[bool | None] = None,
    trashed: FromQuery[bool] = False,
    sort: FromQuery[SortOrder] = "relevance",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> SearchPage:
    """Your blobs and buckets that have all these words in their titles or texts, best first, each with every path to it
    and the passage that was found. Without `q`, the latest."""
    return await content.search.find(
        caller,
        q,
        mode=mode,
        kind=kind,
        bucket_id=bucket_id,
        type=type,
        schema_id=schema_id,
        processor_id=processor_id,
        since=_parse_time(since, "since"),
        until=_parse_time(until, "until"),
        stale=stale,
        trashed=trashed,
        sort=sort,
        limit=limit,
        cursor=cursor,
    )


def _parse_time(text: str | None, field: Literal["since", "until"]) -> datetime | None:
    """Returns a time; a date stands for its beginning in UTC. Raises Invalid."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid.at(f"/{field}", "is no time", expected="a time such as 2026-05-04T12:00:00Z") from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


routes: Final = [search]
