"""`reyna migrate legacy`: imports what an older system exported, exactly once."""

from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.migrate.request import MigrationRequest, OnProgress
from reyna.cli.migrate.rest_import import import_over_rest
from reyna.cli.terminal import ERR, OUT, add_row, print_line, quantity
from reyna.domain.errors import Fault, Invalid, Refusal
from reyna.services.state.legacy_import.lines import fields_of
from reyna.services.state.legacy_import.report import Report

app: Final = typer.Typer(name="migrate", help="Import content from other systems.", no_args_is_help=True)
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
        report = await _import(request, lambda size: progress.advance(task, size))
        progress.update(task, completed=request.file.stat().st_size)
        return report


async def _import(request: MigrationRequest, on_progress: OnProgress) -> Report:
    """Imports the file, over REST when there is a token, else over the bus. Returns the report."""
    if request.token is not None:
        return await import_over_rest(request, request.token, on_progress)
    # Imports the bus and two services: several times what an import over REST needs.
    from reyna.cli.migrate.bus_import import import_over_bus

    return await import_over_bus(request, on_progress)


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
