"""Templates: the ones that come with the studio, and your own."""

from functools import partial
from typing import Final
from urllib.parse import quote

from litestar import Response, delete, get, post
from litestar.params import FromPath, JSONBody

from reyna.domain.bucket import Bucket
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.domain.templates.document import TemplateDocument
from reyna.domain.templates.template import NewTemplate, Template, TemplateUse
from reyna.services.state.routes.dependencies import Content
from reyna.transport.http import (
    CurrentCaller,
    Cursor,
    IdempotencyKeyHeader,
    IfMatchHeader,
    Limit,
    parse_if_match,
)


@get("/templates")
async def templates(
    content: Content, caller: CurrentCaller, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
) -> Page[Template]:
    """The templates that come with the studio, and behind them your own, newest first."""
    return await content.templates.list(caller, limit=limit, cursor=cursor)


@get("/templates/{id:str}")
async def template(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Template:
    """One template, with its parameters and a preview of the tree that it becomes."""
    return await content.templates.get(caller, id)


@get("/templates/{id:str}/file")
async def template_file(content: Content, caller: CurrentCaller, id: FromPath[str]) -> Response[TemplateDocument]:
    """The template as a file, to keep, to change by hand, or to import elsewhere."""
    document = await content.templates.document(caller, id)
    name = quote(f"{document.name}.reyna-template.json", safe="")
    return Response(document, headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"})


@post("/templates")
async def save_template(
    content: Content, caller: CurrentCaller, data: JSONBody[NewTemplate], key: IdempotencyKeyHeader
) -> Template:
    """A template of a bucket as it is now: its structure, types and metadata, and with `texts` what you wrote in it."""
    return await content.templates.save(caller, data, key=key)


@post("/templates/import")
async def import_template(
    content: Content, caller: CurrentCaller, data: JSONBody[TemplateDocument], key: IdempotencyKeyHeader
) -> Template:
    """A template out of a file."""
    return await content.templates.import_document(caller, data, key=key)


@delete("/templates/{id:str}")
async def delete_template(
    content: Content, caller: CurrentCaller, id: FromPath[str], if_match: IfMatchHeader = None
) -> None:
    """Deletes a template of your own. What was made with it stays."""
    meant = await parse_if_match(if_match, partial(content.templates.get, caller, id))
    await content.templates.delete(caller, id, if_match=meant)


@post("/templates/{id:str}/instantiate")
async def instantiate_template(
    content: Content,
    caller: CurrentCaller,
    id: FromPath[str],
    data: JSONBody[TemplateUse],
    key: IdempotencyKeyHeader,
) -> Bucket:
    """A new bucket with all that the template holds. One undo takes all of it back."""
    return await content.template_uses.instantiate(caller, id, data, key=key)


routes: Final = [
    templates,
    template,
    template_file,
    save_template,
    import_template,
    delete_template,
    instantiate_template,
]
