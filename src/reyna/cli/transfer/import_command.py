"""`reyna import`: an archive, a file or a folder becomes buckets, blobs and files."""

import tempfile
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskProgressColumn, TextColumn

from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.terminal import ERR, OUT, add_row, print_line
from reyna.cli.transfer.folder_packing import pack_folder
from reyna.cli.transfer.import_request import ImportRequest, OnProgress
from reyna.cli.transfer.rest_import import import_archive_over_rest
from reyna.domain.errors import Fault
from reyna.services.state.transfer.imports.task import ImportReport, TransferTask

app: Final = typer.Typer()
FORMATS: Final = "auto, reyna, markdown, obsidian, docx, epub or html"
COUNTS: Final = ("buckets", "blobs", "places", "revisions", "files", "schemas", "already_there", "left_out")


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="An archive, a document or a folder.", exists=True)],
    format: Annotated[str, typer.Option(help=f"What it is: {FORMATS}.")] = "auto",
    bucket: Annotated[str | None, typer.Option(help="The bucket that it comes into; left out: at the top.")] = None,
    atomic: Annotated[bool, typer.Option("--atomic", help="All of it or nothing.")] = False,
    user: Annotated[str | None, typer.Option(help="E-mail address of the account, where there are several.")] = None,
    url: Annotated[str | None, typer.Option(envvar="REYNA_URL", help="Address of a studio elsewhere.")] = None,
    token: Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="API key, to act as its user.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the task as JSON.")] = False,
) -> None:
    """Bring in an archive, a document or a folder of texts."""
    if format not in FORMATS.replace(" or ", ", ").split(", "):
        exit_with_error(f"{format} is no format; choose {FORMATS}.")
    if url is not None and token is None:
        exit_with_error("With --url, give a --token too.")
    with tempfile.TemporaryDirectory(prefix="reyna-import-") as folder:
        file, name = _file_to_send(path, Path(folder))
        request = ImportRequest(
            file=file, name=name, format=format, bucket=bucket, atomic=atomic, user=user, url=url, token=token
        )
        run_async(lambda: _import(request, as_json))


def _file_to_send(path: Path, folder: Path) -> tuple[Path, str]:
    """Returns the file to send and its name: a folder is packed into an archive first."""
    if not path.is_dir():
        return path, path.name
    file = folder / "folder.zip"
    pack_folder(path, file)
    return file, f"{path.resolve().name}.zip"


async def _import(request: ImportRequest, as_json: bool) -> None:
    task = await _run_with_progress(request)
    if as_json:
        OUT.print_json(msgspec.json.encode(task).decode())
    elif task.report is not None:
        _print_report(task.report)
    if task.error is not None:
        raise Fault(task.error)
    if task.report is not None and task.report.left_out:
        raise typer.Exit(1)


async def _run_with_progress(request: ImportRequest) -> TransferTask:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), DownloadColumn())
    size = request.file.stat().st_size
    with Progress(*columns, console=ERR) as progress:
        sending = progress.add_task("Sending", total=size)
        importing = progress.add_task("Bringing in", total=size)
        on_progress = OnProgress(
            sent=lambda done: progress.advance(sending, done),
            imported=lambda share: progress.update(importing, completed=share * size),
        )
        task = await _send(request, on_progress)
        progress.update(sending, completed=size)
        return task


async def _send(request: ImportRequest, on_progress: OnProgress) -> TransferTask:
    """Imports the file, over REST when there is a token, else over the bus. Returns the task, which has ended."""
    if request.token is not None:
        return await import_archive_over_rest(request, request.token, on_progress)
    # Imports the bus and two services: several times what an import over REST needs.
    from reyna.cli.transfer.bus_import import import_archive_over_bus

    return await import_archive_over_bus(request, on_progress)


def _print_report(report: ImportReport) -> None:
    from rich.table import Table

    table = Table(show_header=False, box=None)
    add_row(table, "format", report.format)
    for name in COUNTS:
        add_row(table, name.replace("_", " "), f"{getattr(report, name):,}")
    OUT.print(table)
    for note in report.notes:
        print_line(f"{note.path}: {note.what.replace('_', ' ')}: {note.reason}")
    if report.note_count > len(report.notes):
        print_line(f"There are {report.note_count - len(report.notes):,} more notes.")
