"""`reyna backup` and `reyna restore`: writing a backup while the studio runs, and restoring one into an empty home."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from msgspec.structs import replace

from reyna.app import log
from reyna.app.addresses import Addresses, running_addresses
from reyna.app.backup.backup import create_backup
from reyna.app.backup.destination import open_destination
from reyna.app.backup.restoration import UNUSED_LLM_URL, UNUSED_NATS_URL, InstallationRestoration
from reyna.app.config import Settings
from reyna.app.servers import run_servers
from reyna.app.wiring import run_application
from reyna.cli.backup.passphrase import find_passphrase
from reyna.cli.backup.progress import progress_bar
from reyna.cli.checkup.running import RunningStudio
from reyna.cli.doctor import STATE_COLOURS, checks, connect
from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import print_line, quantity
from reyna.domain.errors import CannotStart
from reyna.storage.backup.manifest import Manifest
from reyna.storage.backup.repository import BackupRepository
from reyna.storage.backup.retention import parse_retention

app: Final = typer.Typer()
MEBIBYTE: Final = 1024**2
EVENTS_SECONDS: Final = 600.0  # a million events take a few minutes
PassphraseFile = Annotated[
    Path | None, typer.Option(help="File with the passphrase in its first line (REYNA_BACKUP_PASSPHRASE_FILE).")
]


@app.command("backup")
def backup(
    destination: Annotated[
        str | None, typer.Argument(metavar="DEST", help="A folder, or a URL such as s3://… (REYNA_BACKUP_URL).")
    ] = None,
    passphrase_file: PassphraseFile = None,
    keep: Annotated[
        str | None, typer.Option(help="Backups that stay: 10, or 7d,4w,12m (REYNA_BACKUP_KEEP); without it, all.")
    ] = None,
) -> None:
    """Back up the whole studio, encrypted, while it runs."""
    settings = _load_settings()
    place = destination or settings.backup_url
    if place is None:
        exit_with_error("Name a folder or a URL to back up to, or set REYNA_BACKUP_URL.")

    async def main() -> None:
        rules = parse_retention(keep or settings.backup_keep)
        passphrase = find_passphrase(passphrase_file, settings.backup_passphrase_file, confirm=True)
        async with _servers(settings) as addresses:
            with progress_bar() as progress:
                finished = await create_backup(
                    settings, addresses, open_destination(place), passphrase, keep=rules, progress=progress
                )
        print_line(f"Backup {describe(finished.manifest)}.")
        if finished.removed:
            print_line(f"Removed {quantity(len(finished.removed), 'older backup')}.")

    run_async(main)


@app.command("restore")
def restore(
    source: Annotated[
        str | None, typer.Argument(metavar="SRC", help="The folder or URL of backups (REYNA_BACKUP_URL).")
    ] = None,
    passphrase_file: PassphraseFile = None,
    name: Annotated[str | None, typer.Option("--backup", help="The backup to restore; the latest without it.")] = None,
    show: Annotated[bool, typer.Option("--list", help="List the backups, and restore nothing.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Set a home that holds something aside; empty databases of your own.")
    ] = False,
) -> None:
    """Restore a backup into an empty home, and check the studio that is there then."""
    settings = _load_settings()
    place = source or settings.backup_url
    if place is None:
        exit_with_error("Name the folder or the URL of the backups, or set REYNA_BACKUP_URL.")
    if "://" not in place and not Path(place).expanduser().is_dir():
        exit_with_error(f"There is no folder {place}.")
    problems = 0

    async def main() -> None:
        nonlocal problems
        passphrase = find_passphrase(passphrase_file, settings.backup_passphrase_file, confirm=False)
        repository = await BackupRepository.open(open_destination(place), passphrase)
        names = await repository.list_backups()
        if show:
            for one in names:
                print_line(describe(await repository.read_manifest(one)))
            return
        if not names:
            raise CannotStart("there is no complete backup at this place")
        manifest = await repository.read_manifest(name or names[-1])
        restoration = InstallationRestoration(settings, repository, manifest)
        await restoration.check_target(force=force)
        with progress_bar() as progress:
            await restoration.verify(progress)
            await restoration.run(progress, force=force)
        print_line(f"Restored {describe(manifest)}.")
        problems = await _check(settings)

    run_async(main)
    if problems:
        exit_with_error(f"The restored studio has {quantity(problems, 'problem')}.")


def _load_settings() -> Settings:
    """Returns the settings; the log of the servers that start and stop meanwhile is about errors alone."""
    settings = load_settings()
    log.configure("error", settings.log_format)
    return settings


def describe(manifest: Manifest) -> str:
    """Returns a line about a backup: its name, what it holds, and what was new."""
    return (
        f"{manifest.name}: {quantity(manifest.parts, 'part')}, {quantity(manifest.rows, 'record')}, "
        f"{manifest.size / MEBIBYTE:,.1f} MiB, of which {manifest.new_size / MEBIBYTE:,.1f} MiB were written anew"
    )


@asynccontextmanager
async def _servers(settings: Settings) -> AsyncIterator[Addresses]:
    """Yields the addresses of the studio that runs in this home, or starts its PostgreSQL where none runs."""
    if (running := running_addresses(settings.home)) is not None:
        yield running
        return
    if settings.postgres_url is None and not (settings.home / "postgres").is_dir():
        raise CannotStart(f"there is no studio in {settings.home}; see REYNA_HOME")
    own = replace(settings, nats_url=settings.nats_url or UNUSED_NATS_URL, llm_url=settings.llm_url or UNUSED_LLM_URL)
    async with run_servers(own) as addresses:
        yield addresses


async def _check(settings: Settings) -> int:
    """Starts the restored studio without its ports and runs the checks of `reyna doctor`; returns the number of
    problems."""
    problems = 0
    own = replace(settings, llm_url=settings.llm_url or UNUSED_LLM_URL)
    async with run_application(own, library=()):
        await _wait_for_events(join_running_studio(own, "postgres_url"))
        async for result in checks(mend=False, model=False):
            problems += result.state == "wrong"
            if result.state == "wrong":
                print_line((f"{result.state:<14}", STATE_COLOURS[result.state]), f" {result.what}: {result.mend}")
    if not problems:
        print_line("Everything was checked and is as it should be. Start it: reyna up")
    return problems


async def _wait_for_events(settings: Settings) -> None:
    """Returns when the new EVENTS has the events of the backup, or after a while: then a check says so."""
    bus = await connect(settings)
    try:
        async with asyncio.timeout(EVENTS_SECONDS):
            studio = RunningStudio(bus, settings)
            while any(  # noqa: ASYNC110 - nobody tells when a service has sent all of its events
                result.state == "wrong"
                for result in [*await studio.check_lost_events(), *await studio.check_outboxes()]
            ):
                await asyncio.sleep(1.0)
    except TimeoutError:
        return
    finally:
        await bus.close()
