"""`reyna up` and `reyna serve`: the whole studio, or one service of it."""

import webbrowser
from typing import Annotated, Final

import typer

from reyna.app import log
from reyna.app.config import Settings, convert_setting
from reyna.app.gateway_workers import SHARED_SERVICES
from reyna.app.lifecycle import local_address, port_of, run_until_stopped
from reyna.app.services import SERVICE_NAMES, find_service
from reyna.app.wiring import RunningApplication
from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import announce
from reyna.domain.errors import CannotStart

app: Final = typer.Typer()
Host = Annotated[str | None, typer.Option(help="Address to listen on (REYNA_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65535)]
Processes = Annotated[
    str | None,
    typer.Option(metavar="N", help="Processes that run the gateway and the state service (REYNA_WORKERS)."),
]


@app.command("up")
def up(
    host: Host = None,
    port: Port = None,
    workers: Processes = None,
    open: Annotated[bool, typer.Option("--open", help="Open the studio in the browser.")] = False,
) -> None:
    """Start the whole studio; Ctrl-C stops it."""
    settings = load_settings(host=host, port=port, workers=_read_workers(workers))
    _number_log_lines(settings)

    def ready(application: RunningApplication) -> None:
        address = f"http://{local_address(settings.host)}:{settings.port}"
        announce("\n  ReYNa Studio is ready: ", (address, "bold"), log_format=settings.log_format)
        _announce_link(application, address, settings)
        announce("  Ctrl-C stops it.\n", log_format=settings.log_format)
        if open:
            webbrowser.open(f"{address}/signin#{application.sign_in_token}" if application.sign_in_token else address)

    run_async(lambda: run_until_stopped(settings, ready=ready))


@app.command("serve")
def serve(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICE_NAMES)}.")],
    host: Host = None,
    port: Port = None,
    workers: Processes = None,
) -> None:
    """Start one service; its neighbours are asked over NATS."""
    if service not in SERVICE_NAMES:
        exit_with_error(f"There is no service {service!r}; there are {', '.join(SERVICE_NAMES)}.")
    description = find_service(service)
    if workers is not None and service not in SHARED_SERVICES:
        exit_with_error(f"--workers: only {' and '.join(SHARED_SERVICES)} can run in several processes of one command.")
    given = load_settings(host=host, workers=_read_workers(workers), **{description.port_setting: port})
    _number_log_lines(given)
    settings = join_running_studio(given, *(() if getattr(given, description.store_setting) else ("postgres_url",)))

    def ready(application: RunningApplication) -> None:
        address = f"http://{local_address(settings.host)}:{port_of(settings, service)}"
        _announce_link(application, address, settings)
        announce(f"{service} is ready: {address}", log_format=settings.log_format)

    run_async(lambda: run_until_stopped(settings, services=[service], library=[], ready=ready))


def _read_workers(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        number: int = convert_setting("--workers", "workers", text)
    except CannotStart as wrong:
        exit_with_error(str(wrong))
    return number


def _number_log_lines(settings: Settings) -> None:
    if settings.workers > 1:
        log.configure(settings.log_level, settings.log_format, worker=1)


def _announce_link(application: RunningApplication, address: str, settings: Settings) -> None:
    if application.sign_in_token:
        link = f"{address}/signin#{application.sign_in_token}"
        announce(f"  Sign in the first time with this link (good once): {link}", log_format=settings.log_format)
