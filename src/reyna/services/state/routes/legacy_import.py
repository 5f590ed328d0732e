"""The route that imports legacy content."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, TypeAlias

from litestar import Request, post
from litestar.params import FromQuery, QueryParameter

from reyna.domain.errors import Refusal
from reyna.services.state.legacy_import.lines import fields_of
from reyna.services.state.legacy_import.reader import import_lines
from reyna.services.state.legacy_import.report import Report
from reyna.services.state.routes.dependencies import Content
from reyna.transport.http import CurrentCaller

Map: TypeAlias = Annotated[list[str] | None, QueryParameter(name="map")]  # `map` means something else in Python


@post("/migrate/legacy", status_code=200, request_max_body_size=None)
async def migrate_legacy(
    request: Request[Any, Any, Any],
    content: Content,
    caller: CurrentCaller,
    entries: Map = None,
    dry_run: FromQuery[bool] = False,
) -> Report:
    """Bring in JSON lines with `book_id`, `chapter_id`, `conversation_id` or whatever `map=field=type[:parent_field]`
    names: each value becomes a bucket, each line a blob, exactly once. The body may be as large as it likes; it is
    worked off while it arrives. `dry_run` writes nothing and counts the same."""
    fields = fields_of(entries or ())
    body = request.stream()
    try:
        return await import_lines(content.legacy_import, caller, body, fields, dry_run=dry_run)
    except Refusal:
        await _drain(body)  # a client that is still sending would never see the answer
        raise


async def _drain(body: AsyncIterator[bytes]) -> None:
    async for _ in body:
        continue


routes: Final = [migrate_legacy]
