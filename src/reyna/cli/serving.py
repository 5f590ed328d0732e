"""`reyna up` and `reyna serve`: the whole house, or one service of it."""

import asyncio
import os
import webbrowser
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console

from reyna import log
from reyna.config import CannotStart, Settings, read_settings
from reyna.domain.errors import Fault
from reyna.main import SERVICES, House, ports_of, run, start

OUT: Final = Console(highlight=False, soft_wrap=True)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True)
Host = Annotated[str | None, typer.Option(help="Address to listen on (REYNA_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65535)]


def up(
    host: Host = None,
    port: Port = None,
    open: Annotated[bool, typer.Option("--open", help="Open the studio in the browser.")] = False,
) -> None:
    """Start the whole house; Ctrl-C stops it."""
    settings = _settings(host, {"port": port})

    def ready(house: House) -> None:
        address = f"http://{_reachable(settings.host)}:{settings.port}"
        OUT.print(f"\n  ReYNa Studio is ready: [bold]{address}[/bold]")
        if house.link:
            OUT.print(f"  Sign in the first time with this link (good once): {address}/signin#{house.link}")
        OUT.print("  Ctrl-C stops it.\n")
        if open:
            webbrowser.open(f"{address}/signin#{house.link}" if house.link else address)

    _run(lambda: run(settings, ready=ready))


def serve(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    host: Host = None,
    port: Port = None,
) -> None:
    """Start one service; its neighbours are asked over NATS."""
    if service not in SERVICES:
        _end(f"There is no service {service!r}; there are {', '.join(SERVICES)}.")
    settings = _settings(host, {"port" if service == "studio" else f"{service}_port": port})
    for name, value in (("REYNA_POSTGRES_URL", settings.postgres_url), ("REYNA_NATS_URL", settings.nats_url)):
        if value is None:
            _end(f"{name} must be set: one service alone shares its servers with the others.")
    settings = msgspec.structs.replace(settings, llm_url=settings.llm_url or "http://unused.invalid")

    def ready(house: House) -> None:
        OUT.print(f"{service} is ready: http://{_reachable(settings.host)}:{ports_of(settings)[service]}")

    _run(lambda: run(settings, services=[service], library=[], ready=ready))


def _settings(host: str | None, ports: dict[str, int | None]) -> Settings:
    try:
        settings = read_settings(os.environ, Path.cwd())
    except CannotStart as wrong:
        _end(str(wrong))
    given: dict[str, Any] = {name: port for name, port in ports.items() if port is not None}
    if host is not None:
        given["host"] = host
    settings = msgspec.structs.replace(settings, **given)
    log.configure(settings.log_level, settings.log_format)
    return settings


def _run(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run until stopped; what hinders the start is one line, not a trace."""
    try:
        start(main())
    except CannotStart as hindrance:
        _end(str(hindrance))
    except Fault as fault:
        _end(fault.detail)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(130) from None


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - said, not bound


def _end(reason: str) -> Any:
    ERR.print(f"reyna: {reason}", markup=False)
    raise typer.Exit(1)
