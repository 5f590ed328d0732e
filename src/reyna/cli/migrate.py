"""`reyna migrate legacy`: imports what an older system exported, exactly once."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from reyna.app.wiring import connect_bus
from reyna.cli.rest_client import RestClient
from reyna.cli.startup import exit_with_error, join_running_studio, load_settings, run_async
from reyna.cli.terminal import ERR, OUT, add_row, print_line, quantity
from reyna.domain.caller import system_caller
from reyna.domain.errors import Fault, Invalid, Refusal
from reyna.services.state.legacy_import.lines import fields_of
from reyna.services.state.legacy_import.reader import import_lines
from reyna.services.state.legacy_import.report import Report
from reyna.services.state.service import State
from reyna.services.studio.identity import StudioIdentity
from reyna.transport.rpc import Signer, remote

app: Final = typer.Typer(name="migrate", help="Import content from other systems.", no_args_is_help=True)
BATCH_TIMEOUT_SECONDS: Final = 300.0  # for one batch, on a busy machine
CHUNK_BYTES: Final = 256 * 1024  # read at once
REPORT_ROWS: Final = {
    "lines": "lines",
    "created": "brought in",
    "kept_whole": "  of them kept whole, as legacy-v1",
    "revisions": "  earlier versions of them",
    "already_there": "there already",
    "skipped": "skipped",
    "rejected": "rejected",
    "buckets": "buckets made",
    "placed": "places in buckets",
    "undated": "times that could not be read",
}
OnProgress = Callable[[int], None]


class MigrationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `reyna migrate legacy`."""

    file: Path
    dry_run: bool
    maps: tuple[str, ...]
    user: str | None
    url: str | None
    token: str | None

    async def run(self, on_progress: OnProgress) -> Report:
        """Imports the file, over REST when there is a token, else over the bus. Returns the report."""
        return await (self._over_rest if self.token is not None else self._over_the_bus)(on_progress)

    async def _over_rest(self, on_progress: OnProgress) -> Report:
        client = RestClient(self.url or f"http://127.0.0.1:{load_settings().port}", self.token or "")
        query = urlencode([("dry_run", str(self.dry_run).lower()), *(("map", entry) for entry in self.maps)])
        size = str(self.file.stat().st_size)
        headers = {"content-type": "application/x-ndjson", "content-length": size}
        with _ProgressFile(self.file, on_progress) as body:
            ask = partial(
                client.ask, Report, "POST", f"/migrate/legacy?{query}", body, timeout=BATCH_TIMEOUT_SECONDS, **headers
            )
            return await asyncio.to_thread(ask)

    async def _over_the_bus(self, on_progress: OnProgress) -> Report:
        settings = join_running_studio(load_settings())
        async with connect_bus(settings) as bus:
            sign = Signer(settings.signing_secret()).sign
            caller = await remote(StudioIdentity, "studio", bus, sign).find_account(system_caller(), self.user)
            state = remote(State, "state", bus, sign, timeout=BATCH_TIMEOUT_SECONDS)
            with _ProgressFile(self.file, on_progress) as body:
                return await import_lines(
                    state.legacy_import, caller, _read_chunks(body), fields_of(self.maps), dry_run=self.dry_run
                )


class _ProgressFile(io.FileIO):
    """A file that reports the bytes that are read from it."""

    def __init__(self, path: Path, on_progress: OnProgress) -> None:
        super().__init__(path)
        self._on_progress = on_progress

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(CHUNK_BYTES if size is None or size < 0 else max(size, CHUNK_BYTES)) or b""
        self._on_progress(len(chunk))
        return chunk


async def _read_chunks(body: _ProgressFile) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(body.read, CHUNK_BYTES):
        yield chunk


@app.callback()
def root() -> None:
    """Import content from other systems."""


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
    """Import blobs with book_id, chapter_id, conversation_id and the like; safe to repeat and to resume.

    Lines that cannot be taken go to FILE.rejected.jsonl; then it exits with 1.
    """
    try:
        fields_of(maps or ())
    except Invalid as invalid:
        exit_with_error(invalid.detail)
    if url is not None and token is None:
        exit_with_error("With --url, give a --token too.")
    request = MigrationRequest(file=file, dry_run=dry_run, maps=tuple(maps or ()), user=user, url=url, token=token)
    run_async(lambda: _migrate(request, as_json))


async def _migrate(request: MigrationRequest, as_json: bool) -> None:
    try:
        report = await _run_with_progress(request)
    except Refusal as refusal:
        if "report" in refusal.facts:
            _print_report(request, msgspec.convert(refusal.facts["report"], Report), as_json)
        raise
    except Fault as fault:
        again = "What was brought in so far is there; run the same command again to go on."
        raise Fault(f"{fault.detail} {again}") from fault
    _print_report(request, report, as_json)
    if report.left_out:
        raise typer.Exit(1)


async def _run_with_progress(request: MigrationRequest) -> Report:
    bars = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*bars, console=ERR) as progress:
        task = progress.add_task("Looking" if request.dry_run else "Bringing in", total=request.file.stat().st_size)
        report = await request.run(lambda size: progress.advance(task, size))
        progress.update(task, completed=request.file.stat().st_size)
        return report


def _print_report(request: MigrationRequest, report: Report, as_json: bool) -> None:
    kept = None if request.dry_run or not report.left_out else _write_rejected_lines(request.file, {*report.left_out})
    if as_json:
        OUT.print_json(msgspec.json.encode(report).decode())
        return
    table = Table(show_header=False, box=None)
    for name, words in REPORT_ROWS.items():
        add_row(table, words, f"{getattr(report, name):,}")
    OUT.print(table)
    for note in report.notes:
        named = f" ({note.id})" if note.id else ""
        print_line(f"line {note.line:,}{named}: {note.what.replace('_', ' ')}: {note.reason}")
    for name, count in report.unmapped.items():
        have = quantity(count, "line has", "lines have")
        print_line(f"{have} {name}, which became no bucket; try --map {name}=TYPE.")
    if kept is not None:
        left_out, they = (
            quantity(len(report.left_out), "line is", "lines are"),
            "it is" if len(report.left_out) == 1 else "they are",
        )
        print_line(f"{left_out} not in the studio; {they} in {kept}.")
    if request.dry_run:
        print_line("Nothing was written.")


def _write_rejected_lines(file: Path, numbers: set[int]) -> Path:
    """Writes those lines unchanged to a file beside it, to be corrected and imported by themselves, and returns it."""
    rejected_file = file.with_name(f"{file.name.removesuffix('.jsonl')}.rejected.jsonl")
    with file.open("rb") as lines, rejected_file.open("wb") as rejected:
        for number, line in enumerate(lines, 1):
            if number in numbers:
                rejected.write(line.rstrip(b"\r\n") + b"\n")
    return rejected_file
