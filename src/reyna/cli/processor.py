"""`reyna processor run | new | list | show | credential`: run, scaffold, list and show processors, admit workers."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from reyna.app.bus_connection import connect_bus
from reyna.app.config import Settings
from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import OUT, add_row, announce, print_line, quantity
from reyna.domain.caller import system_caller
from reyna.domain.errors import CannotStart, Invalid
from reyna.domain.ids import check_slug
from reyna.domain.requests.page import MAX_PAGE_SIZE
from reyna.ports.language import Language, ModelEndpoint
from reyna.sdk.command.reload import command_without_reload, run_reloading
from reyna.sdk.command.running import price_of_model, run_rest_workers, studio_address
from reyna.sdk.command.scaffold import write_scaffold
from reyna.services.processors.service import Processors
from reyna.transport.rpc import Signer, remote

app: Final = typer.Typer(name="processor", help="Run, begin and list processors.", no_args_is_help=True)
CREDENTIAL_VARIABLE: Final = "REYNA_CREDENTIAL"


@app.command("run")
def run_processors(
    names: Annotated[list[str], typer.Argument(metavar="MODULE:NAME…", help="Where the processors are.")],
    parallel: Annotated[int, typer.Option(help="Runs at the same time, for each of them.", min=1, max=1000)] = 4,
    url: Annotated[str | None, typer.Option(help="Address of the studio, with REYNA_TOKEN; else REYNA_URL.")] = None,
    reload: Annotated[bool, typer.Option("--reload", help="Start anew whenever a Python file here changes.")] = False,
) -> None:
    """Run processors of your own until Ctrl-C: with REYNA_URL and REYNA_TOKEN over HTTPS, with REYNA_CREDENTIAL over
    NATS, else beside a studio."""
    if reload:
        raise typer.Exit(run_reloading(command_without_reload(), Path.cwd()))
    sys.path.insert(0, str(Path.cwd()))  # a processor is most often a file in the working directory
    credential = os.environ.get(CREDENTIAL_VARIABLE)
    if credential and not url:
        return _run_with_credential(Path(credential), names, parallel)
    if studio := studio_address(url, os.environ):
        address, token = studio

        def tell() -> None:
            announce(f"Running {', '.join(names)}. It is ready; Ctrl-C stops it.", log_format="console")

        model, price = _model_of(load_settings()), price_of_model(os.environ)
        run_async(
            lambda: run_rest_workers(address, token, names, parallel=parallel, language=model, price=price, ready=tell)
        )
        return None
    # Imports the whole application, which listing and scaffolding do without.
    from reyna.app.lifecycle import run_workers
    from reyna.app.workers import SMALL_MODEL_SETTINGS

    given = load_settings()
    settings, defaults = join_running_studio(given), {} if given.llm_url else SMALL_MODEL_SETTINGS

    def ready() -> None:
        announce(f"Running {', '.join(names)}. It is ready; Ctrl-C stops it.", log_format=settings.log_format)

    run_async(lambda: run_workers(settings, names, parallel=parallel, defaults=defaults, ready=ready))
    return None


def _run_with_credential(path: Path, names: list[str], parallel: int) -> None:
    from reyna.app.credentials.credential import read_credential
    from reyna.app.credentials.running import run_worker

    settings = load_settings()
    if len(names) != 1:
        exit_with_error("A credential is that of one processor: run each of them by itself.")

    def ready() -> None:
        announce(f"Running {names[0]}. It is ready; Ctrl-C stops it.", log_format=settings.log_format)

    async def run() -> None:
        await run_worker(
            read_credential(path),
            names[0],
            parallel=parallel,
            language=_model_of(settings),
            retry_delays=settings.retry_delays(),
            ready=ready,
        )

    run_async(run)


@app.command("credential")
def issue_credential(
    id: Annotated[str, typer.Argument(help="The id of the processor, such as text-expansion.")],
    out: Annotated[Path | None, typer.Option(help="The file to write; else ID.credential, here.")] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back: its workers lose their connection.")] = False,
) -> None:
    """Write a credential for workers of one processor on NATS, or revoke it; the former one is revoked in any case."""
    try:
        check_slug("id", id)
    except Invalid as invalid:
        exit_with_error(invalid.detail)
    settings = load_settings()
    run_async(lambda: _revoke(settings, id) if revoke else _issue(settings, id, out or Path(f"{id}.credential")))


async def _issue(given: Settings, id: str, path: Path) -> None:
    from reyna.app.credentials.credential import write_credential
    from reyna.app.credentials.issuing import CredentialIssuer, describe_user

    settings, embedded = join_running_studio(given), given.nats_url is None
    async with connect_bus(settings) as bus:
        issuer = CredentialIssuer(settings, bus, nats_url=settings.nats_url or "", embedded=embedded)
        credential, user = await issuer.issue(id)
    write_credential(path, credential)
    print_line(f"{path} is written. With REYNA_CREDENTIAL={path}, `reyna processor run` needs no secret.")
    if not embedded:
        print_line("Add this to `authorization { users: [ … ] }` of your nats-server, and have it read it again:")
        print_line(describe_user(user))


async def _revoke(settings: Settings, id: str) -> None:
    from reyna.app.credentials.issuing import revoke_credential

    if settings.nats_url is not None:
        exit_with_error(f"Remove the user processor-{id} from the configuration of your nats-server.")
    if not await revoke_credential(settings, id):
        exit_with_error(f"There is no credential of {id}.")
    print_line(f"The credential of {id} is revoked.")


@asynccontextmanager
async def _model_of(settings: Settings) -> AsyncIterator[Language | None]:
    """Yields the language model of the settings with their time limits and retries, if one is set."""
    if not settings.llm_url:
        yield None
        return
    from reyna.app.models.opening import SystemModel  # imports much that a processor without a model does not need
    from reyna.app.models.source import endpoints_of

    endpoint = ModelEndpoint(url=settings.llm_url, key=settings.llm_key, model=settings.llm_model or "")
    async with AsyncExitStack() as stack:
        yield await SystemModel(endpoint, endpoints_of(settings)).open(stack)


@app.command("new")
def new(id: Annotated[str, typer.Argument(help="Its id, such as text-expansion.")]) -> None:
    """Write the first lines of a processor, and its test, into this folder."""
    try:
        name = write_scaffold(id, Path.cwd())
    except CannotStart as hindrance:
        exit_with_error(str(hindrance))
    print_line(f"{name}.py and test_{name}.py are written. Run it with: reyna processor run {name}:{name}")


@app.command("list")
def list_processors() -> None:
    """List the registered processors and their health."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _list(settings))


async def _list(settings: Settings) -> None:
    async with connect_bus(settings) as bus:
        processors = remote(Processors, "processors", bus, Signer(settings.signing_secret()).sign)
        table = Table("id", "version", "takes", "makes", "workers", "waiting", box=None)
        for column in table.columns[:4]:
            column.overflow = "fold"  # an id that is cut cannot be used
        for one in (await processors.registry.list(system_caller(), limit=MAX_PAGE_SIZE)).items:
            health = await processors.registry.health(system_caller(), one.id)
            counts = (str(health.live_workers), str(health.queue_length))
            add_row(table, one.id, one.version, "\n".join(one.input_schemas), "\n".join(one.made_schemas), *counts)
        OUT.print(table)


def setting_names(schema: dict[str, Any] | None) -> list[str]:
    """Returns the names of the settings in a settings schema, which may be one of its own definitions."""
    schema = schema or {}
    definition = schema.get("$defs", {}).get(str(schema.get("$ref", "")).removeprefix("#/$defs/"), schema)
    return list(definition.get("properties", ()))


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
        health = await processors.registry.health(system_caller(), id)
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
            ("loops", "refused" if one.max_depth is None else f"at most {one.max_depth} runs deep"),
            ("settings", ", ".join(setting_names(one.settings_schema)) or "none"),
            ("at a time", "no limit" if one.max_concurrency is None else quantity(one.max_concurrency, "run")),
            ("live workers", str(health.live_workers)),
            ("waiting", quantity(health.queue_length, "run")),
            ("versions", ", ".join(version.version for version in versions.items)),
        ):
            add_row(table, name, value)
        OUT.print(table)
