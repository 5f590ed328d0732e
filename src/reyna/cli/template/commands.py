"""`reyna template list | show | use | save | export | import | delete`: what to begin with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
import typer
from rich.table import Table

from reyna.cli.execution import exit_with_error
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import OUT, add_row, print_line, quantity
from reyna.domain.bucket import Bucket
from reyna.domain.errors import Fault, Refusal
from reyna.domain.requests.page import Page
from reyna.domain.templates.document import NumberParameter, TemplateParameter
from reyna.domain.templates.template import PreviewNode, Template

app: Final = typer.Typer(
    name="template", help="Begin with templates, and save buckets as templates.", no_args_is_help=True
)
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="Token of the user who begins something.")]
TemplateId = Annotated[str, typer.Argument(help="The template, such as book.")]
TIMEOUT_SECONDS: Final = 120.0  # thousands of buckets in one write, on a busy machine


@app.command("list")
def list_templates(url: Url = None, token: Token = None) -> None:
    """List the templates of the studio and your own."""
    table = Table("id", "name", "buckets", "texts", "parameters", box=None)
    cursor: str | None = None
    while True:
        behind = "" if cursor is None else f"&cursor={quote(cursor, safe='')}"
        page: Page[Template] = _ask(Page[Template], "GET", f"/templates?limit=200{behind}", url=url, token=token)
        for one in page.items:
            parameters = ", ".join(f"{parameter.name}={parameter.default}" for parameter in one.parameters)
            add_row(table, one.id, one.name, str(one.bucket_count), str(one.text_count), parameters)
        if (cursor := page.next_cursor) is None:
            break
    OUT.print(table)


@app.command("show")
def show(id: TemplateId, url: Url = None, token: Token = None) -> None:
    """Show what a template makes, and its parameters."""
    template: Template = _ask(Template, "GET", f"/templates/{quote(id, safe='')}", url=url, token=token)
    print_line((template.name, "bold"), f"  {template.description}")
    for parameter in template.parameters:
        print_line(f"  {parameter.name}: {parameter.label} {_bounds_of(parameter)}")
    for line in _lines_of(template.preview, 0):
        print_line(line)


@app.command("use")
def use(
    id: TemplateId,
    name: Annotated[str, typer.Argument(help="The name of the new bucket.")],
    given: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="The value of a parameter; may be given several times."),
    ] = None,
    under: Annotated[str | None, typer.Option(help="The bucket that it goes into; at the top without it.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make a bucket with all that a template holds. One undo takes all of it back."""
    template: Template = _ask(Template, "GET", f"/templates/{quote(id, safe='')}", url=url, token=token)
    values = dict(_parse_value(template, one) for one in given or ())
    body = {"name": name, "parent_bucket_id": under, "parameters": values}
    path = f"/templates/{quote(id, safe='')}/instantiate"
    bucket: Bucket = _ask(Bucket, "POST", path, msgspec.json.encode(body), url=url, token=token)
    inside = f"{quantity(bucket.child_count, 'bucket')} and {quantity(bucket.blob_count, 'text')}"
    print_line(f"{bucket.id}  {bucket.name}: {inside} in it.")


@app.command("save")
def save(
    bucket: Annotated[str, typer.Argument(help="The bucket to make a template of.")],
    name: Annotated[str, typer.Argument(help="The name of the template.")],
    texts: Annotated[bool, typer.Option("--texts", help="Take along the texts that you wrote in it.")] = False,
    description: Annotated[str, typer.Option(help="What it is good for.")] = "",
    url: Url = None,
    token: Token = None,
) -> None:
    """Save a bucket as a template: its structure, types and metadata."""
    body = msgspec.json.encode({"bucket_id": bucket, "name": name, "description": description, "texts": texts})
    _print_saved(_ask(Template, "POST", "/templates", body, url=url, token=token))


@app.command("export")
def export(
    id: TemplateId,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; without it, the terminal.")] = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Write a template into a file."""
    found: Any = _ask(Any, "GET", f"/templates/{quote(id, safe='')}/file", url=url, token=token)
    content = msgspec.json.format(msgspec.json.encode(found), indent=2)
    if output is None:
        typer.echo(content.decode())
        return
    try:
        output.write_bytes(content + b"\n")
    except OSError as error:
        exit_with_error(f"{output} cannot be written: {error.strerror}")
    print_line(f"{output}  {len(content):,} bytes")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A template that was exported, or written by hand.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Save a template out of a file."""
    try:
        body = file.read_bytes()
    except OSError as error:
        exit_with_error(f"{file} cannot be read: {error.strerror}")
    _print_saved(_ask(Template, "POST", "/templates/import", body, url=url, token=token))


@app.command("delete")
def delete(id: TemplateId, url: Url = None, token: Token = None) -> None:
    """Delete a template of your own; what was made with it stays."""
    _ask(None, "DELETE", f"/templates/{quote(id, safe='')}", url=url, token=token)
    print_line(f"{id} is deleted.")


def _print_saved(template: Template) -> None:
    made = f"{quantity(template.bucket_count, 'bucket')} and {quantity(template.text_count, 'text')}"
    print_line(f"{template.id}  {template.name}: {made}.")
    if template.left_out:
        print_line(f"Left out: {quantity(template.left_out, 'text')} that processors made or that refer to files.")


def _bounds_of(parameter: TemplateParameter) -> str:
    if isinstance(parameter, NumberParameter):
        return f"({parameter.minimum} to {parameter.maximum}, else {parameter.default})"
    return f"(else {parameter.default})"


def _lines_of(node: PreviewNode, depth: int) -> Iterator[str]:
    times = f"  x {node.times}" if node.repeat else ""
    kind = f"  ({node.type})" if node.type else ""
    yield f"{'  ' * depth}{node.name}{kind}{times}"
    for child in node.children:
        yield from _lines_of(child, depth + 1)
    if node.more:
        yield f"{'  ' * (depth + 1)}and {node.more:,} more"


def _parse_value(template: Template, given: str) -> tuple[str, int | str]:
    name, is_value, value = given.partition("=")
    if not is_value:
        exit_with_error(f"{given} is not NAME=VALUE.")
    numbers = {one.name for one in template.parameters if isinstance(one, NumberParameter)}
    if name not in numbers:
        return name, value
    try:
        return name, int(value)
    except ValueError:
        exit_with_error(f"{name} is a number: {value} is not.")


def _ask(kind: Any, method: str, path: str, body: bytes | None = None, *, url: str | None, token: str | None) -> Any:
    if not token:
        exit_with_error("Set REYNA_TOKEN to the token of the user who begins something.")
    client = RestClient(url or local_url(), token)
    try:
        return client.ask(kind, method, path, body, timeout=TIMEOUT_SECONDS)
    except (Refusal, Fault) as error:
        places = "".join(f"\n{one.path}: {one.message}" for one in getattr(error, "errors", ()))
        exit_with_error(f"{error.detail}{places}")
