"""`reyna doctor`: looks at every dependency and every invariant, and says what is wrong and how to mend it."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from reyna import log
from reyna.adapters.nats import NatsBus
from reyna.cli.checkup import Line, broken, machine, unseen
from reyna.cli.checkup.running import Studio, sharding
from reyna.cli.starting import OUT, beside, run
from reyna.config import CannotStart, Settings
from reyna.domain.errors import Fault
from reyna.embedded.servers import running

COLOURS: Final = {"ok": "green", "wrong": "red", "could not look": "yellow"}
PATIENCE: Final = 5.0  # seconds for NATS to be there


def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Put right what can be put right safely: recount sums.")] = False,
) -> None:
    """Look at everything, running or not, and say what is wrong and how to mend it. Exits with 1 when something is."""
    wrong = 0

    async def main() -> None:
        nonlocal wrong
        async for line in checks(mend=mend):
            wrong += line.state == "wrong"
            said = f"[{COLOURS[line.state]}]{line.state:<14}[/] {escape(line.what)}"
            OUT.print(f"{said}: {escape(line.mend)}" if line.mend else said)

    run(main)
    if wrong:
        OUT.print(f"\n{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
        raise typer.Exit(1)


async def checks(*, mend: bool) -> AsyncIterator[Line]:
    settings, line = machine.settings_of(os.environ, Path.cwd())
    yield line
    if settings is None:
        return
    log.configure("error", settings.log_format)
    # The home first: whoever asks whether a studio runs in it also puts its permissions right.
    for line in [*machine.home(settings.home), *machine.programs(settings), machine.page()]:
        yield line
    runs = running(settings.home) is not None or bool(settings.postgres_url and settings.nats_url)
    for line in machine.ports(settings, runs=runs):
        yield line
    found = beside(settings) if runs else settings
    stored = {"postgres_url": found.postgres_url, "state_url": None}
    if found.state_url != found.postgres_url:
        stored["state_url"] = found.state_url
    for line in await machine.databases(stored):
        yield line
    if not runs:
        yield unseen("services and what users have", f"no studio is running in {settings.home}; start it: reyna up")
        return
    async for line in _of_the_running(found, mend=mend):
        yield line
    if found.state_url and found.state_url.startswith("mongodb"):
        await _show_sharding(found.state_url)


async def _of_the_running(settings: Settings, *, mend: bool) -> AsyncIterator[Line]:
    try:
        bus = await NatsBus.connect(
            settings.nats_url or "", name="reyna doctor", retention_days=settings.event_days, patience=PATIENCE
        )
    except Fault as fault:
        yield broken("NATS", fault, "start it, or correct REYNA_NATS_URL")
        return
    try:
        studio = Studio(bus, settings)
        for line in [*await studio.services(), *await studio.streams(), *await studio.outboxes()]:
            yield line
        yield await studio.model()
        async for line in studio.contents(mend=mend):
            yield line
    finally:
        await bus.close()


async def _show_sharding(url: str) -> None:
    try:
        lines = await sharding(url)
    except (Fault, CannotStart, ModuleNotFoundError):
        return  # said above, where the database was looked at
    OUT.print("\nOn a sharded cluster, once, in mongosh:", *lines, sep="\n  ", markup=False)
