"""`reyna migrate legacy`: what an older system exported, brought in exactly once."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
import typer
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from reyna.cli.rest import Door
from reyna.cli.starting import ERR, OUT, beside, end, run, settings_of
from reyna.domain.caller import house
from reyna.domain.errors import Fault, Invalid, Refusal
from reyna.main import Gatehouse, connected
from reyna.rpc import Signer, remote
from reyna.state.legacy import fields_of
from reyna.state.legacy_file import migrated
from reyna.state.migration import Report
from reyna.state.service import State

app: Final = typer.Typer(name="migrate", help="Bring in what was kept elsewhere.", no_args_is_help=True)
PATIENCE: Final = 300.0  # seconds for one batch, on a machine that is busy
PIECE: Final = 256 * 1024  # bytes that are read at once
SHOWN: Final = {
    "lines": "lines",
    "created": "brought in",
    "kept_whole": "  of them kept whole, as legacy-v1",
    "revisions": "  earlier versions of them",
    "already_there": "there already",
    "skipped": "skipped",
    "rejected": "rejected",
    "buckets": "buckets made",
    "placed": "places in buckets",
}
Heard = Callable[[int], None]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was given."""

    file: Path
    dry_run: bool
    maps: tuple[str, ...]
    user: str | None
    url: str | None
    token: str | None

    async def answered(self, heard: Heard) -> Report:
        """Through the door when there is a token, else over the bus of the studio that runs here."""
        return await (self._through_the_door if self.token is not None else self._over_the_bus)(heard)

    async def _through_the_door(self, heard: Heard) -> Report:
        door = Door(self.url or f"http://127.0.0.1:{settings_of().port}", self.token or "")
        query = urlencode([("dry_run", str(self.dry_run).lower()), *(("map", entry) for entry in self.maps)])
        size = str(self.file.stat().st_size)
        headers = {"content-type": "application/x-ndjson", "content-length": size}
        with _Counted(self.file, heard) as body:
            ask = partial(door.ask, Report, "POST", f"/migrate/legacy?{query}", body, patience=PATIENCE, **headers)
            return await asyncio.to_thread(ask)

    async def _over_the_bus(self, heard: Heard) -> Report:
        settings = beside(settings_of())
        async with connected(settings) as bus:
            sign = Signer(settings.signing_secret()).sign
            caller = await remote(Gatehouse, "studio", bus, sign).account(house(), self.user)
            state = remote(State, "state", bus, sign, timeout=PATIENCE)
            with _Counted(self.file, heard) as body:
                return await migrated(state, caller, _pieces(body), fields_of(self.maps), dry_run=self.dry_run)


class _Counted(io.FileIO):
    """A file that says how much of it was read."""

    def __init__(self, path: Path, heard: Heard) -> None:
        super().__init__(path)
        self._heard = heard

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(PIECE if size is None or size < 0 else max(size, PIECE)) or b""
        self._heard(len(piece))
        return piece


async def _pieces(body: _Counted) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(body.read, PIECE):
        yield piece


@app.callback()
def root() -> None:
    """Bring in what was kept elsewhere."""


@app.command("legacy")
def legacy(
    file: Annotated[Path, typer.Argument(help="JSON lines, one blob each.", exists=True, dir_okay=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be done.")] = False,
    maps: Annotated[
        list[str] | None,
        typer.Option("--map", help="A field that becomes buckets: field=type[:parent_field]; field= for none."),
    ] = None,
    user: Annotated[str | None, typer.Option(help="E-mail address of the account, where there are several.")] = None,
    url: Annotated[str | None, typer.Option(envvar="REYNA_URL", help="Address of a studio elsewhere.")] = None,
    token: Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="API key, to act as its user.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Bring in blobs with book_id, chapter_id, conversation_id and the like; safe to repeat and to resume.

    Lines that cannot be taken go to FILE.rejected.jsonl; then it exits with 1.
    """
    try:
        fields_of(maps or ())
    except Invalid as invalid:
        end(invalid.detail)
    if url is not None and token is None:
        end("With --url, give a --token too.")
    asked = Asked(file=file, dry_run=dry_run, maps=tuple(maps or ()), user=user, url=url, token=token)
    run(lambda: _carried_out(asked, as_json))


async def _carried_out(asked: Asked, as_json: bool) -> None:
    try:
        report = await _with_a_bar(asked)
    except Refusal as refusal:
        if "report" in refusal.facts:
            _told(asked, msgspec.convert(refusal.facts["report"], Report), as_json)
        raise
    except Fault as fault:
        again = "What was brought in so far is there; run the same command again to go on."
        raise Fault(f"{fault.detail} {again}") from fault
    _told(asked, report, as_json)
    if report.left_out:
        raise typer.Exit(1)


async def _with_a_bar(asked: Asked) -> Report:
    bars = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*bars, console=ERR) as progress:
        task = progress.add_task("Looking" if asked.dry_run else "Bringing in", total=asked.file.stat().st_size)
        report = await asked.answered(lambda size: progress.advance(task, size))
        progress.update(task, completed=asked.file.stat().st_size)
        return report


def _told(asked: Asked, report: Report, as_json: bool) -> None:
    kept = None if asked.dry_run or not report.left_out else _kept_apart(asked.file, {*report.left_out})
    if as_json:
        OUT.print_json(msgspec.json.encode(report).decode())
        return
    table = Table(show_header=False, box=None)
    for name, words in SHOWN.items():
        table.add_row(words, f"{getattr(report, name):,}")
    OUT.print(table)
    for note in report.notes:
        named = f" ({escape(note.id)})" if note.id else ""
        OUT.print(f"line {note.line:,}{named}: {note.what.replace('_', ' ')}: {escape(note.reason)}")
    for name, count in report.unmapped.items():
        OUT.print(f"{count:,} lines have {escape(name)}, which became no bucket; try --map {escape(name)}=TYPE.")
    if kept is not None:
        OUT.print(f"{len(report.left_out):,} lines are not in the studio; they are in {escape(str(kept))}.")
    if asked.dry_run:
        OUT.print("Nothing was written.")


def _kept_apart(file: Path, numbers: set[int]) -> Path:
    """Those lines, as they are, in a file beside it: to be put right and brought in by themselves."""
    apart = file.with_name(f"{file.name.removesuffix('.jsonl')}.rejected.jsonl")
    with file.open("rb") as lines, apart.open("wb") as rejected:
        for number, line in enumerate(lines, 1):
            if number in numbers:
                rejected.write(line.rstrip(b"\r\n") + b"\n")
    return apart
