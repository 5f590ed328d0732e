"""`reyna schema push | check | list | show | diff | validate`: schemas from a terminal, or from somebody's CI."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from reyna.cli.rest import PATIENCE, Door
from reyna.cli.starting import OUT, beside, end, run, settings_of
from reyna.domain.caller import Caller, house
from reyna.domain.errors import Invalid
from reyna.domain.ids import is_slug
from reyna.domain.page import MOST, Page
from reyna.domain.schema import NewSchema, Schema, Upgrade, Verdict
from reyna.main import connected
from reyna.rpc import Signer, remote
from reyna.schemas.checking import Checked, ToCheck
from reyna.schemas.compatibility import Text, compare
from reyna.schemas.compatibility.explain import Difference
from reyna.schemas.service import Schemas
from reyna.schemas.stored import Stored, Upgraded

app: Final = typer.Typer(name="schema", help="Register, check and look up schemas.", no_args_is_help=True)
MOST_SHOWN: Final = 200  # characters of a document
T = TypeVar("T")
Url = Annotated[
    str | None, typer.Option(envvar="REYNA_URL", help="Address of the studio, such as http://127.0.0.1:8010.")
]
Token = Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="API key, to act as a user; else as the house.")]
File = Annotated[Path, typer.Argument(help="A JSON Schema, or a registration with name and json_schema.", exists=True)]
Name = Annotated[str | None, typer.Option(help="Name of a bare JSON Schema; else that of its file.")]
UpgradeFile = Annotated[
    Path | None,
    typer.Option("--upgrade", help="How data of the major before becomes data of this one, as JSON.", exists=True),
]


class Rest:
    """The verbs of the schema service as a user asks them, over the studio's REST door."""

    def __init__(self, url: str, token: str) -> None:
        self._door = Door(url, token)

    async def register(self, caller: Caller, new: NewSchema) -> Schema:
        return await self._ask(Schema, "POST", "/schemas", new)

    async def check(self, caller: Caller, check: ToCheck) -> Checked:
        return await self._ask(Checked, "POST", "/schemas/check", check)

    async def schemas(self, caller: Caller, *, limit: int = MOST, cursor: str | None = None) -> Page[Schema]:
        query = urlencode({"limit": limit} | ({"cursor": cursor} if cursor else {}))
        return await self._ask(Page[Schema], "GET", f"/schemas?{query}")

    async def schema(self, caller: Caller, id: str, version: str | None = None) -> Schema:
        path = f"/schemas/{quote(id)}" + (f"/versions/{quote(version)}" if version else "")
        return await self._ask(Schema, "GET", path)

    async def validate(self, caller: Caller, id: str, data: Any, version: str | None = None) -> Verdict:
        body = {"data": data} | ({"version": version} if version else {})
        return await self._ask(Verdict, "POST", f"/schemas/{quote(id)}/validate", body)

    async def _ask(self, answer: type[T], method: str, path: str, body: Any = None) -> T:
        sent = None if body is None else msgspec.json.encode(body)
        return await asyncio.to_thread(self._door.ask, answer, method, path, sent)


@asynccontextmanager
async def asked(url: str | None, token: str | None) -> AsyncIterator[Rest | Schemas]:
    """A user's way in when there is a token, else the house's own, over the bus of the studio that runs here."""
    if token is not None:
        yield Rest(url or f"http://127.0.0.1:{settings_of().port}", token)
        return
    if url is not None:
        end("With --url, give a --token too.")
    settings = beside(settings_of())
    async with connected(settings) as bus:
        yield remote(Schemas, "schemas", bus, Signer(settings.signing_secret()).sign, timeout=PATIENCE)


def _with(url: str | None, token: str | None, act: Callable[[Rest | Schemas], Awaitable[bool]]) -> None:
    """Do something with the verbs; exit with 1 when it says that all is not well."""
    fine = False

    async def main() -> None:
        nonlocal fine
        async with asked(url, token) as schemas:
            fine = await act(schemas)

    run(main)
    if not fine:
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
    new = _registration(file, name, version, upgrade)

    async def act(schemas: Rest | Schemas) -> bool:
        try:
            schema = await schemas.register(house(), new)
        except Invalid as refusal:
            OUT.print(f"[red]refused[/red]: {escape(refusal.detail)}")
            show_differences(msgspec.convert(refusal.facts.get("differences", []), list[Difference]))
            for error in refusal.errors:
                OUT.print(f"  {escape(error.path)}: {escape(error.message)}")
            return False
        OUT.print(f"{schema.id} [bold]{schema.version}[/bold]")
        return True

    _with(url, token, act)


@app.command("check")
def check(
    file: File,
    name: Name = None,
    id: Annotated[str | None, typer.Option(help="Check against this id instead of the newest of the name.")] = None,
    upgrade: UpgradeFile = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Say what registering a schema would come to; exits with 1 when it breaks what its id promises.

    With an upgrade, which is tried on what is stored, it exits with 1 when something would not fit afterwards.
    """
    new = _registration(file, name, None, upgrade)
    question = ToCheck(
        name=None if id else new.name,
        id=id,
        json_schema=new.json_schema,
        compatibility=new.compatibility,
        upgrade=new.upgrade,
    )

    async def act(schemas: Rest | Schemas) -> bool:
        found = await schemas.check(house(), question)
        show_differences(found.differences)
        show_stored(found.stored, "would not fit")
        show_stored(found.upgraded, "would not fit after the upgrade")
        colour, word = ("green", "compatible") if found.compatible else ("red", "incompatible")
        OUT.print(
            f"[{colour}]{word}[/{colour}] ({found.compatibility}): {found.bump}, would be "
            f"{found.next_id} [bold]{found.next_version}[/bold]"
        )
        return found.compatible if found.upgraded is None else not found.upgraded.failing

    _with(url, token, act)


@app.command("list")
def list_schemas(url: Url = None, token: Token = None) -> None:
    """The latest version of every schema."""

    async def act(schemas: Rest | Schemas) -> bool:
        table = Table("id", "version", "kind", "scope", "promises", "description", box=None)
        cursor: str | None = None
        while True:
            page = await schemas.schemas(house(), limit=MOST, cursor=cursor)
            for one in page.items:
                said = one.description.partition(". ")[0][:80]
                table.add_row(one.id, one.version, one.kind, one.scope, one.compatibility, escape(said))
            cursor = page.next_cursor
            if cursor is None:
                break
        OUT.print(table)
        return True

    _with(url, token, act)


@app.command("show")
def show(
    id: Annotated[str, typer.Argument(help="Such as text-input-v1, or text-input-v1@1.0.0.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """Print the JSON Schema."""

    async def act(schemas: Rest | Schemas) -> bool:
        schema = await _version(schemas, id)
        OUT.print_json(data=schema.json_schema)
        return True

    _with(url, token, act)


@app.command("diff")
def diff(
    old: Annotated[str, typer.Argument(help="Such as text-input-v1@1.0.0.")],
    new: Annotated[str, typer.Argument(help="Such as text-input-v1@1.1.0.")],
    url: Url = None,
    token: Token = None,
) -> None:
    """What differs between two versions; exits with 1 when what fitted the first may not fit the second."""

    async def act(schemas: Rest | Schemas) -> bool:
        one, other = await _version(schemas, old), await _version(schemas, new)
        found = compare(Text(one.json_schema, one.references), Text(other.json_schema, other.references))
        show_differences(found.differences)
        for direction, held in (("backward", found.backward), ("forward", found.forward)):
            OUT.print(f"{direction}: " + ("[green]compatible[/green]" if held else "[red]incompatible[/red]"))
        return found.backward

    _with(url, token, act)


@app.command("validate")
def validate(
    id: Annotated[str, typer.Argument(help="Such as text-input-v1, or text-input-v1@1.0.0.")],
    file: Annotated[Path, typer.Argument(help="The data, as JSON.", exists=True)],
    url: Url = None,
    token: Token = None,
) -> None:
    """Say whether data fits; exits with 1 when it does not."""
    data = _json(file)
    name, _, version = id.partition("@")

    async def act(schemas: Rest | Schemas) -> bool:
        verdict = await schemas.validate(house(), name, data, version or None)
        for error in verdict.errors:
            OUT.print(f"[red]{escape(error.path or 'the whole')}[/red]: {escape(error.message)}")
        OUT.print("[green]fits[/green]" if verdict.valid else "[red]does not fit[/red]", f"{name} {verdict.version}")
        return verdict.valid

    _with(url, token, act)


def show_differences(differences: Sequence[Difference]) -> None:
    """Each difference in a line or a few: what breaks is red, what breaks only readers of old versions is yellow."""
    for each in differences:
        breaking = "backward" in each.breaks
        colour = "red" if breaking else "yellow" if each.breaks else "dim"
        word = f"breaks {' and '.join(each.breaks)}" if each.breaks else "breaks nothing"
        since = f" since {each.version}" if each.version else ""
        OUT.print(f"[{colour}]{word}{since}[/{colour}]  {escape(each.path or '/')}  {escape(each.message)}")
        if each.counterexample is not msgspec.UNSET:
            OUT.print(f"    for example {escape(_cut(each.counterexample))}")
        if each.breaks and each.hint:
            OUT.print(f"    {escape(each.hint)}")


def show_stored(stored: Stored | Upgraded | None, what: str) -> None:
    """How many stored blobs fail, and the first few of them; what an upgrade makes of one stands below it."""
    if stored is None or not stored.checked:
        return
    some = " of the newest" if stored.sampled else ""
    OUT.print(f"{stored.failing} of {stored.checked}{some} stored blobs {what}.")
    for example in stored.examples:
        error = example.errors[0]
        OUT.print(f"  {example.blob_id} ({example.schema_version}): {escape(error.path)} {escape(error.message)}")
        for word in ("before", "after"):
            if (data := getattr(example, word, msgspec.UNSET)) is not msgspec.UNSET:
                OUT.print(f"    {word} {escape(_cut(data))}")


def _cut(data: Any) -> str:
    shown = msgspec.json.encode(data).decode()
    return shown if len(shown) <= MOST_SHOWN else shown[:MOST_SHOWN] + "…"


async def _version(schemas: Rest | Schemas, text: str) -> Schema:
    id, _, version = text.partition("@")
    return await schemas.schema(house(), id, version or None)


def _registration(file: Path, name: str | None, version: str | None, upgrade: Path | None) -> NewSchema:
    """What a file asks to be registered; a bare JSON Schema takes its name from the option, or from its file."""
    read = _json(file)
    if not isinstance(read, dict) or "json_schema" not in read:
        named = name or file.name.partition(".")[0]
        if not is_slug(named):
            end(f"{named} is no name for a schema; give one with --name.")
        read = {"name": named, "json_schema": read}
    try:
        new = msgspec.convert(read, NewSchema)
    except msgspec.ValidationError as error:
        end(f"{file}: {error}")
    changes = {"name": name, "version": version, "upgrade": _upgrade(upgrade)}
    return msgspec.structs.replace(new, **{key: value for key, value in changes.items() if value is not None})


def _upgrade(file: Path | None) -> Upgrade | None:
    """`{"steps": […]}` or `{"patch": […]}`, or what stands in such a list alone."""
    if file is None:
        return None
    read = _json(file)
    if isinstance(read, list):
        read = {"patch" if any(isinstance(each, dict) and "op" in each for each in read) else "steps": read}
    try:
        return msgspec.convert(read, Upgrade)
    except msgspec.ValidationError as error:
        end(f"{file}: {error}")


def _json(file: Path) -> Any:
    try:
        return msgspec.json.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        end(f"{file}: {error}")
