"""`reyna export`: everything, or a bucket, in one archive that is checked before it counts."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TransferSpeedColumn

from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.terminal import ERR, print_line, quantity
from reyna.cli.transfer.archive_check import check_archive
from reyna.services.state.transfer.layout.facts import ArchiveManifest

app: Final = typer.Typer()
SILENCE_SECONDS: Final = 120.0  # of a studio that is reading
PART_ENDING: Final = ".part"  # of a file that is not whole yet


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of `reyna export`."""

    bucket: str | None
    revisions: bool
    user: str | None
    url: str | None
    token: str | None


@app.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="The archive to write, such as library.zip.", dir_okay=False)],
    bucket: Annotated[str | None, typer.Option(help="A bucket, with all below it; left out: everything.")] = None,
    revisions: Annotated[bool, typer.Option("--revisions", help="With every earlier revision.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file when it is there.")] = False,
    user: Annotated[str | None, typer.Option(help="E-mail address of the account, where there are several.")] = None,
    url: Annotated[str | None, typer.Option(envvar="REYNA_URL", help="Address of a studio elsewhere.")] = None,
    token: Annotated[str | None, typer.Option(envvar="REYNA_TOKEN", help="API key, to act as its user.")] = None,
) -> None:
    """Write everything, or a bucket, into a ZIP archive."""
    if url is not None and token is None:
        exit_with_error("With --url, give a --token too.")
    if out.exists() and not force:
        exit_with_error(f"{out} is there already; --force replaces it.")
    request = ExportRequest(bucket=bucket, revisions=revisions, user=user, url=url, token=token)
    run_async(lambda: _export(request, out))


async def _export(request: ExportRequest, out: Path) -> None:
    part = out.with_name(out.name + PART_ENDING)
    try:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        with Progress(*columns, TransferSpeedColumn(), console=ERR) as progress:
            writing = progress.add_task("Writing", total=None)
            with part.open("wb") as sink:

                def write(chunk: bytes) -> None:
                    sink.write(chunk)
                    progress.advance(writing, len(chunk))

                await _receive(request, write)
            size = part.stat().st_size
            progress.update(writing, total=size, completed=size)
            checking = progress.add_task("Checking", total=None)
            manifest = await asyncio.to_thread(
                check_archive, part, lambda done, total: progress.update(checking, completed=done, total=total)
            )
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    _print(manifest, out)


async def _receive(request: ExportRequest, write: Callable[[bytes], None]) -> None:
    """Passes the archive on to `write`, over REST when there is a token, else over the bus."""
    if request.token is None:
        # Imports the bus and two services: several times what REST needs.
        from reyna.cli.transfer.bus_export import export_over_bus

        return await export_over_bus(request.bucket, request.user, write, revisions=request.revisions)
    query = {"revisions": str(request.revisions).lower()}
    if request.bucket is not None:
        query["bucket_id"] = request.bucket
    client = RestClient(request.url or local_url(), request.token)
    return await asyncio.to_thread(client.download, f"/export?{urlencode(query)}", write, timeout=SILENCE_SECONDS)


def _print(manifest: ArchiveManifest, out: Path) -> None:
    counts = manifest.counts
    parts = [quantity(counts.blobs, "blob"), f"in {quantity(counts.buckets, 'bucket')}"]
    for number, noun in ((counts.revisions, "earlier revision"), (counts.files, "file"), (counts.schemas, "schema")):
        if number:
            parts.append(f"with {quantity(number, noun)}")
    print_line(f"{out}: {', '.join(parts)}, all of them checked.")
