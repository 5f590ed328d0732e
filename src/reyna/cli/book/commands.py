"""`reyna book compile`: the files of a book, made on this machine out of the buckets of a studio."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote, urlencode

import msgspec
import typer

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import print_line
from reyna.domain.errors import Fault, Refusal
from reyna.domain.requests.page import MAX_PAGE_SIZE, Page
from reyna.domain.tree_item import TreeItem

if TYPE_CHECKING:
    from reyna.library.book_compiler.renderers.edition import Edition
    from reyna.library.book_compiler.settings import BookFormat, BookSettings

app: Final = typer.Typer(
    name="book", help="Compile books: manuscripts, e-books and pages to print.", no_args_is_help=True
)
READ_TIMEOUT_SECONDS: Final = 60.0
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user whose book it is.")]
Formats = Annotated[
    list[str] | None,
    typer.Option("--format", "-f", help="docx, epub, pdf, print-pdf, markdown or html; may be given several times."),
]
Preset = Annotated[str | None, typer.Option(help="Formats for a purpose: manuscript, paperback, e-book or web.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="The file, or a folder for several.")]
Given = Annotated[
    str, typer.Option("--settings", metavar="JSON", help='Further settings of the compiler: \'{"trim": "6x9"}\'.')
]


@app.command("compile")
def compile_book(
    bucket: Annotated[str, typer.Argument(help="The bucket of the book, or of a part of it.")],
    formats: Formats = None,
    preset: Preset = None,
    output: Output = None,
    given: Given = "{}",
    url: Url = None,
    token: Token = None,
) -> None:
    """Make a DOCX manuscript, an EPUB, a PDF, Markdown or HTML out of a bucket and all that is in it."""
    settings = _settings_of(given, {"formats": formats or None, "preset": preset})
    edition = _read_edition(bucket, settings, url, token)
    wanted = settings.wanted_formats
    for format in wanted:
        _write(edition, format, _path_for(output, edition.book.title, format, several=len(wanted) > 1))
    words, chapters = edition.book.words, len(edition.book.chapters)
    print_line(f"{edition.book.title}: {words:,} words in {chapters:,} chapters.")
    for title in edition.book.missing:
        print_line(f"Without a text, and left out: {title}")


def _settings_of(given: str, options: dict[str, Any]) -> "BookSettings":
    from reyna.library.book_compiler.settings import BookSettings

    try:
        further = msgspec.json.decode(given, type=dict[str, Any])
        return msgspec.convert(further | {name: value for name, value in options.items() if value}, BookSettings)
    except msgspec.MsgspecError as error:
        exit_with_error(f"The settings do not fit: {error}")


def _read_edition(bucket_id: str, settings: "BookSettings", url: str | None, token: str | None) -> "Edition":
    from reyna.library.book_compiler.book.building import build_book
    from reyna.library.book_compiler.book.tree import BookTooDeep, build_tree
    from reyna.library.book_compiler.renderers.edition import Edition

    try:
        root = build_tree(_read_items(bucket_id, url, token))
    except BookTooDeep:
        exit_with_error("Its buckets are nested too deeply for a book.")
    if root is None or not (book := build_book(root, settings)).pieces:
        exit_with_error("There is no text in this bucket that a book could be made of.")
    return Edition(book, settings)


def _read_items(bucket_id: str, url: str | None, token: str | None) -> list[TreeItem]:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user whose book it is.")
    client = RestClient(url or local_url(), token)
    items: list[TreeItem] = []
    cursor: str | None = None
    try:
        while True:
            query = {"limit": str(MAX_PAGE_SIZE)} | ({"cursor": cursor} if cursor else {})
            path = f"/buckets/{quote(bucket_id, safe='')}/contents?{urlencode(query)}"
            page = client.ask(Page[TreeItem], "GET", path, timeout=READ_TIMEOUT_SECONDS)
            items += page.items
            if page.next_cursor is None:
                return items
            cursor = page.next_cursor
    except (Refusal, Fault) as error:
        exit_with_error(error.detail)


def _path_for(output: Path | None, title: str, format: "BookFormat", *, several: bool) -> Path:
    from reyna.library.book_compiler.renderers.formats import file_name

    if output is None:
        return Path(file_name(title, format))
    if several or output.is_dir():
        output.mkdir(parents=True, exist_ok=True)
        return output / file_name(title, format)
    return output


def _write(edition: "Edition", format: "BookFormat", path: Path) -> None:
    from reyna.library.book_compiler.renderers.formats import render_book
    from reyna.library.book_compiler.renderers.pdf.typesetting import RendererMissing

    try:
        content = render_book(edition, format)
        path.write_bytes(content)
    except RendererMissing as error:
        exit_with_error(str(error))
    except OSError as error:
        exit_with_error(f"{path} cannot be written: {error.strerror}")
    print_line(f"{path}  {len(content):,} bytes")
