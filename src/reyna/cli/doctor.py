"""`reyna doctor`: checks every dependency and every invariant, and says how to mend what is wrong."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

import typer

from reyna.adapters.nats.bus import NatsBus
from reyna.app import log
from reyna.app.addresses import running_addresses
from reyna.app.config import Settings
from reyna.cli.checkup import CheckResult, fault_problem, machine, not_checked
from reyna.cli.checkup.backups import check_backups
from reyna.cli.checkup.reindexing import reindex_all
from reyna.cli.checkup.running import RunningStudio, list_sharding_commands
from reyna.cli.execution import run_async
from reyna.cli.startup import join_running_studio
from reyna.cli.terminal import print_line, quantity
from reyna.domain.errors import CannotStart, Fault

app: Final = typer.Typer()
STATE_COLOURS: Final = {"ok": "green", "wrong": "red", "could not look": "yellow"}
NATS_TIMEOUT_SECONDS: Final = 5.0


@app.command("doctor")
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Repair what can be repaired safely: recount sums.")] = False,
    reindex: Annotated[
        bool, typer.Option("--reindex", help="Build the search index of every user anew; the studio must run.")
    ] = False,
) -> None:
    """Check everything, running or not, and say how to mend what is wrong. Exits with 1 when something is."""
    problems = 0

    async def main() -> None:
        nonlocal problems
        async for result in checks(mend=mend, reindex=reindex):
            problems += result.state == "wrong"
            print_line(
                (f"{result.state:<14}", STATE_COLOURS[result.state]),
                f" {result.what}: {result.mend}" if result.mend else f" {result.what}",
            )

    run_async(main)
    if problems:
        print_line(f"\n{quantity(problems, 'thing is', 'things are')} wrong.")
        raise typer.Exit(1)


async def checks(*, mend: bool, reindex: bool = False, model: bool = True) -> AsyncIterator[CheckResult]:
    """Runs every check that can be run, and yields the results; without `model`, not that of the language model."""
    settings, result = machine.check_settings(os.environ, Path.cwd())
    yield result
    if settings is None:
        return
    log.configure("error", settings.log_format)
    # The home first: the question of whether a studio runs in it also corrects its permissions.
    for result in [*machine.check_home(settings.home), *machine.check_programs(settings), machine.check_page()]:
        yield result
    runs = running_addresses(settings.home) is not None or bool(settings.postgres_url and settings.nats_url)
    for result in machine.check_ports(settings, runs=runs):
        yield result
    found = join_running_studio(settings, "postgres_url") if runs else settings
    stored = {"postgres_url": found.postgres_url, "state_url": None}
    if found.state_url != found.postgres_url:
        stored["state_url"] = found.state_url
    for result in await machine.check_databases(stored):
        yield result
    yield await check_backups(settings)
    if not runs:
        yield not_checked(
            "services and what users have", f"no studio is running in {settings.home}; start it: reyna up"
        )
        return
    async for result in _check_running_studio(found, mend=mend, reindex=reindex, model=model):
        yield result
    if found.state_url and found.state_url.startswith("mongodb"):
        await _show_sharding(found.state_url)


async def connect(settings: Settings) -> NatsBus:
    """Connects to the bus of a running studio. Raises Fault."""
    return await NatsBus.connect(
        settings.nats_url or "",
        name="reyna doctor",
        retention_days=settings.event_days,
        connect_timeout=NATS_TIMEOUT_SECONDS,
    )


async def _check_running_studio(
    settings: Settings, *, mend: bool, reindex: bool, model: bool
) -> AsyncIterator[CheckResult]:
    try:
        bus = await connect(settings)
    except Fault as fault:
        yield fault_problem("NATS", fault, "start it, or correct REYNA_NATS_URL")
        return
    try:
        studio = RunningStudio(bus, settings)
        checks = (
            studio.check_services,
            studio.check_streams,
            studio.check_lost_events,
            studio.check_storage,
            studio.check_outboxes,
        )
        for result in [result for check in checks for result in await check()]:
            yield result
        if model:
            yield await studio.check_model()
        try:
            yield await studio.check_semantic_search()
        except Fault as fault:
            yield fault_problem("search by meaning", fault, "see the check of PostgreSQL above")
        async for result in studio.check_contents(mend=mend):
            yield result
        if reindex:
            async for result in reindex_all(studio.state, lambda line: print_line(f"{'':<15}{line}")):
                yield result
    finally:
        await bus.close()


async def _show_sharding(url: str) -> None:
    try:
        commands = await list_sharding_commands(url)
    except (Fault, CannotStart, ModuleNotFoundError):
        return  # reported above, by the check of the database
    print_line("\n  ".join(["\nOn a sharded cluster, once, in mongosh:", *commands]))
