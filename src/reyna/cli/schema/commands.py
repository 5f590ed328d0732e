"""`reyna schema push | check | list | show | diff | validate`."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.table import Table

from reyna.cli.execution import run_async
from reyna.cli.schema.access import SchemaAccess, open_schemas
from reyna.cli.schema.files import read_json, read_registration
from reyna.cli.schema.printing import print_differences, print_stored_failures
from reyna.cli.terminal import OUT, Part, add_row, print_line
from reyna.domain.caller import system_caller
from reyna.domain.errors import Invalid
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.domain.schema import Schema
from reyna.domain.text.clusters import truncate
from reyna.services.schemas.compatibility.difference import Difference
from reyna.services.schemas.dry_run.reports import ToCheck

app: Final = typer.Typer(name="schema", help="Register, check and look up schemas.", no_args_is_help=True)
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="API key, to act as a user; else as the system.")]
File = Annotated[Path, typer.Argument(help="A JSON Schema, or a registration with name and json_schema.", exists=True)]
Name = Annotated[str | None, typer.Option(help="Name of a bare JSON Schema; else that of its file.")]
UpgradeFile = Annotated[
    Path | None,
    typer.Option("--upgrade", help="How data of the major before becomes data of this one, as JSON.", exists=True),
]


def _run_with_schemas(url: str | None, token: str | None, act: Callable[[SchemaAccess], Awaitable[bool]]) -> None:
    """Runs `act` with the schema service; exits with 1 when it returns False."""
    succeeded = False

    async def main() -> None:
        nonlocal succeeded
        async with open_schemas(url, token) as schemas:
            succeeded = await act(schemas)

    run_async(main)
    if not succeeded:
        raise typer.Exit(1)


@app.command("push")
def push(
    file: File,
    name: Name = None,
    version: Annotated[
        str | None, typer.Option(help="The version; computed from the difference when left out.")
    ] = None,
    upgrade: UpgradeFile = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Register a schema; its version is computed from what changed."""
    new = read_registration(file, name, version, upgrade)

    async def act(schemas: SchemaAccess) -> bool:
        try:
            schema = await schemas.versions.register(system_caller(), new)
        except Invalid as refusal:
            print_line(("refused", "red"), f": {refusal.detail}")
            print_differences(msgspec.convert(refusal.facts.get("differences", []), list[Difference]))
            for error in refusal.errors:
                print_line(f"  {error.path}: {error.message}")
            return False
        print_line(f"{schema.id} ", (schema.version, "bold"))
        return True

    _run_with_schemas(url, token, act)


@app.command("check")
def check(
    file: File,
    name: Name = None,
    id: Annotated[str | None, typer.Option(help="Check against this id instead of the newest of the name.")] = None,
    upgrade: UpgradeFile = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Check what registering a schema would do; exits with 1 when it breaks the compatibility that its id promises.

    With an upgrade, which is tried on what is stored, it exits with 1 when something would not fit afterwards.
    """
    new = read_registration(file, name, None, upgrade)
    question = ToCheck(
        name=None if id else new.name,
        id=id,
        json_schema=new.json_schema,
        compatibility=new.compatibility,
        upgrade=new.upgrade,
    )

    async def act(schemas: SchemaAccess) -> bool:
        found = await schemas.compatibility.check(system_caller(), question)
        print_differences(found.differences)
        print_stored_failures(found.stored, "would not fit")
        print_stored_failures(found.upgraded, "would not fit after the upgrade")
        colour, word = ("green", "compatible") if found.compatible else ("red", "incompatible")
        would_be = f" ({found.compatibility}): {found.bump}, would be {found.next_id} "
        print_line((word, colour), would_be, (found.next_version, "bold"))
        return found.compatible if found.upgraded is None else not found.upgraded.failing

    _run_with_schemas(url, token, act)


@app.command("list")
def list_schemas(url: Url = None, token: Token = None) -> None:
    """List the latest version of every schema."""

    async def act(schemas: SchemaAccess) -> bool:
        table = Table("id", "version", "kind", "scope", "promises", "description", box=None)
        cursor: str | None = None
        while True:
            page = await schemas.versions.list(system_caller(), limit=MAX_PAGE_SIZE, cursor=cursor)
            for one in page.items:
                said = truncate(one.description.partition(". ")[0], 80)
                add_row(table, one.id, one.version, one.kind, one.scope, one.compatibility, said)
            cursor = page.next_cursor
            if cursor is None:
                break
        OUT.print(table)
        return True

    _run_with_schemas(url, token, act)


@app.command("show")
def show(
    id: Annotated[str, typer.Argument(help="Such as text-input-v1, or text-input-v1@1.0.0.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Print the JSON Schema."""

    async def act(schemas: SchemaAccess) -> bool:
        schema = await _version(schemas, id)
        OUT.print_json(data=schema.json_schema)
        return True

    _run_with_schemas(url, token, act)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="Such as text-input-v1@1.0.0.")],
    new: Annotated[str, typer.Argument(help="Such as text-input-v1@1.1.0.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Compare two versions; exits with 1 when data that fits the first may not fit the second."""
    # Imports the engines that compare, which the other commands leave to the studio.
    from reyna.services.schemas.compatibility.comparison import ResolvedSchema, compare

    async def act(schemas: SchemaAccess) -> bool:
        one, other = await _version(schemas, old), await _version(schemas, new)
        found = compare(
            ResolvedSchema(one.json_schema, one.references), ResolvedSchema(other.json_schema, other.references)
        )
        print_differences(found.differences)
        for direction, held in (("backward", found.backward), ("forward", found.forward)):
            print_line(f"{direction}: ", ("compatible", "green") if held else ("incompatible", "red"))
        return found.backward

    _run_with_schemas(url, token, act)


@app.command("validate")
def validate(
    id: Annotated[str, typer.Argument(help="Such as text-input-v1, or text-input-v1@1.0.0.")],
    file: Annotated[Path, typer.Argument(help="The data, as JSON.", exists=True)],
    url: Url = None,
    token: Token = None,
) -> None:
    """Validate data against a schema; exits with 1 when it does not fit."""
    data = read_json(file)
    name, _, version = id.partition("@")

    async def act(schemas: SchemaAccess) -> bool:
        verdict = await schemas.validation.validate(system_caller(), name, data, version or None)
        for error in verdict.errors:
            print_line((error.path or "the whole", "red"), f": {error.message}")
        fits: Part = ("fits", "green") if verdict.valid else ("does not fit", "red")
        print_line(fits, f" {name} {verdict.version}")
        return verdict.valid

    _run_with_schemas(url, token, act)


async def _version(schemas: SchemaAccess, text: str) -> Schema:
    id, _, version = text.partition("@")
    return await schemas.versions.get(system_caller(), id, version or None)
