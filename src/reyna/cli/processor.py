"""`reyna processor run | new | list | show`: run, scaffold, list and show processors."""

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from reyna.app.bus_connection import connect_bus
from reyna.app.config import Settings
from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import OUT, add_row, announce, print_line
from reyna.cli.workers.reload import command_without_reload, run_reloading
from reyna.cli.workers.rest_workers import run_rest_workers, studio_address
from reyna.domain.caller import system_caller
from reyna.domain.errors import Invalid
from reyna.domain.ids import check_slug
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.services.processors.service import Processors
from reyna.transport.rpc import Signer, remote

app: Final = typer.Typer(name="processor", help="Run, begin and list processors.", no_args_is_help=True)
SCAFFOLD: Final = '''"""{title}: one sentence that says what it makes of a note."""

import msgspec

from reyna.sdk import Blob, Context, Processor, Refuse


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that a user may change."""

    loud: bool = True


{name} = Processor("{id}", takes="text-input-v1", makes="text-input-v1", settings=Settings, trigger="manual")


@{name}
async def make(blob: Blob, context: Context[Settings]) -> dict:
    """Returns the data of a new blob, which is derived from this one and placed beside it."""
    content = blob.data["content"]
    if not content.strip():
        raise Refuse("There is nothing written yet.")
    await context.progress(0.5)
    return {{"content": content.upper() if context.settings.loud else content}}
'''


@app.command("run")
def run_processors(
    names: Annotated[list[str], typer.Argument(metavar="MODULE:NAME…", help="Where the processors are.")],
    parallel: Annotated[int, typer.Option(help="Runs at the same time, for each of them.", min=1, max=1000)] = 4,
    url: Annotated[str | None, typer.Option(help="Address of the studio, with REYNA_TOKEN; else REYNA_URL.")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start anew whenever a Python file here changes.")] = False,
) -> None:
    """Run processors of your own until Ctrl-C: with REYNA_URL and REYNA_TOKEN over HTTPS, else beside a studio."""
    if reload:
        raise typer.Exit(run_reloading(command_without_reload(), Path.cwd()))
    sys.path.insert(0, str(Path.cwd()))  # a processor is most often a file in the working directory
    if studio := studio_address(url, os.environ):
        address, token = studio

        def tell() -> None:
            announce(f"At work: {', '.join(names)}; it is ready.", log_format="console")

        run_async(lambda: run_rest_workers(address, token, names, parallel=parallel, ready=tell))
        return
    # Imports the whole application, which listing and scaffolding do without.
    from reyna.app.lifecycle import run_workers
    from reyna.app.workers import SMALL_MODEL_SETTINGS

    given = load_settings()
    settings, defaults = join_running_studio(given), {} if given.llm_url else SMALL_MODEL_SETTINGS

    def ready() -> None:
        announce(f"At work: {', '.join(names)}", log_format=settings.log_format)

    run_async(lambda: run_workers(settings, names, parallel=parallel, defaults=defaults, ready=ready))


@app.command("new")
def new(id: Annotated[str, typer.Argument(help="Its id, such as text-expansion.")]) -> None:
    """Write the first lines of a processor into this folder."""
    try:
        check_slug("id", id)
    except Invalid as invalid:
        exit_with_error(invalid.detail)
    name = id.replace("-", "_")
    path = Path(f"{name}.py")
    if path.exists():
        exit_with_error(f"{path} is there already.")
    path.write_text(SCAFFOLD.format(title=id.replace("-", " ").capitalize(), id=id, name=name), encoding="utf-8")
    print_line(f"{path} is written. Run it with: reyna processor run {name}:{name}")


@app.command("list")
def list_processors() -> None:
    """List the registered processors and their health."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _list(settings))


async def _list(settings: Settings) -> None:
    async with connect_bus(settings) as bus:
        processors = remote(Processors, "processors", bus, Signer(settings.signing_secret()).sign)
        table = Table("id", "version", "takes", "makes", "workers", "queue", box=None)
        for one in (await processors.registry.list(system_caller(), limit=MAX_PAGE_SIZE)).items:
            health = await processors.registry.health(system_caller(), one.id)
            takes = ", ".join(one.input_schemas)
            counts = (str(health.live_workers), str(health.queue_length))
            add_row(table, one.id, one.version, takes, ", ".join(one.made_schemas), *counts)
        OUT.print(table)


@app.command("show")
def show_processor(id: Annotated[str, typer.Argument(help="Its id, such as text-expansion.")]) -> None:
    """Show one processor: what it takes and makes, its limits, and its versions."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _show(settings, id))


async def _show(settings: Settings, id: str) -> None:
    async with connect_bus(settings) as bus:
        processors = remote(Processors, "processors", bus, Signer(settings.signing_secret()).sign)
        one = await processors.registry.get(system_caller(), id)
        versions = await processors.registry.list_versions(system_caller(), id, limit=MAX_PAGE_SIZE)
        table = Table(show_header=False, box=None)
        for name, value in (
            ("id", one.id),
            ("name", one.name),
            ("version", one.version),
            ("description", one.description),
            ("takes", ", ".join(one.input_schemas)),
            ("makes", ", ".join(one.made_schemas)),
            ("trigger", one.trigger),
            ("range", one.range or "any"),
            ("max_depth", "none, and no loops" if one.max_depth is None else str(one.max_depth)),
            ("versions", ", ".join(version.version for version in versions.items)),
        ):
            add_row(table, name, value)
        OUT.print(table)
