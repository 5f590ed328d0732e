"""The way in for what was kept elsewhere."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, TypeAlias

from litestar import Request, post
from litestar.params import FromQuery, QueryParameter

from reyna.domain.errors import Refusal
from reyna.http import Asking
from reyna.state.legacy import fields_of
from reyna.state.legacy_file import migrated
from reyna.state.migration import Report
from reyna.state.routes.asked import Content

Map: TypeAlias = Annotated[list[str] | None, QueryParameter(name="map")]  # `map` means something else in Python


@post("/migrate/legacy", status_code=200, request_max_body_size=None)
async def migrate_legacy(
    request: Request[Any, Any, Any],
    content: Content,
    caller: Asking,
    entries: Map = None,
    dry_run: FromQuery[bool] = False,
) -> Report:
    """Bring in JSON lines with `book_id`, `chapter_id`, `conversation_id` or whatever `map=field=type[:parent_field]`
    names: each value becomes a bucket, each line a blob, exactly once. The body may be as large as it likes; it is
    worked off while it arrives. `dry_run` writes nothing and counts the same."""
    fields = fields_of(entries or ())
    body = request.stream()
    try:
        return await migrated(content, caller, body, fields, dry_run=dry_run)
    except Refusal:
        await _drained(body)  # who is still sending would never hear why
        raise


async def _drained(body: AsyncIterator[bytes]) -> None:
    async for _ in body:
        continue


routes: Final = [migrate_legacy]
