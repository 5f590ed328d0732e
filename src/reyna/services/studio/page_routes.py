"""The routes of the built page and its assets."""

from pathlib import Path
from typing import Any, Final

from litestar import MediaType, Response, get
from litestar.params import FromPath

from reyna.domain.errors import NotFound
from reyna.transport.http import static_files_route
from reyna.transport.http.request_head import NOTHING_THERE

PAGE_FOLDER: Final = Path(__file__).parent / "page"
PAGE_HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "cache-control": "no-cache",
}
ASSET_HEADERS: Final = {"cache-control": "max-age=31536000, immutable, public"}  # their names carry a hash
NOT_BUILT: Final = """<!doctype html><meta charset="utf-8"><title>ReYNa Studio</title>
<p>The page is not built. Run <code>make web</code>, or use the API under <a href="/schema">/schema</a>."""


def page_routes(folder: Path) -> list[Any]:
    """Returns the routes of the page that was built into this folder. Every path that could be an address within the
    page is answered with the page, which has its own routes."""
    index = folder / "index.html"

    @get(["/", "/{path:path}"], include_in_schema=False)
    async def page(path: FromPath[str] = "") -> Response[bytes]:
        if "." in path.rpartition("/")[2] or "/." in path:
            raise NotFound(NOTHING_THERE)  # a file, such as /favicon.ico, and there are none
        content = index.read_bytes() if index.is_file() else NOT_BUILT.encode()
        return Response(content, media_type=MediaType.HTML, headers=PAGE_HEADERS)

    assets = folder / "assets"
    routes: list[Any] = [static_files_route("/assets", assets, ASSET_HEADERS)] if assets.is_dir() else []
    return [*routes, robots, page]


@get("/robots.txt", include_in_schema=False, media_type=MediaType.TEXT)
async def robots() -> str:
    """Nothing here is for search engines."""
    return "User-agent: *\nDisallow: /\n"
