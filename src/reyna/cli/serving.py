"""`reyna up` and `reyna serve`: the whole house, or one service of it."""

import webbrowser
from typing import Annotated

import typer

from reyna.cli.starting import OUT, beside, end, run, settings_of
from reyna.main import SERVICES, House
from reyna.serving import open_house, ports_of

Host = Annotated[str | None, typer.Option(help="Address to listen on (REYNA_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on.", min=1, max=65535)]


def up(
    host: Host = None,
    port: Port = None,
    open: Annotated[bool, typer.Option("--open", help="Open the studio in the browser.")] = False,
) -> None:
    """Start the whole house; Ctrl-C stops it."""
    settings = settings_of(host=host, port=port)

    def ready(house: House) -> None:
        address = f"http://{_reachable(settings.host)}:{settings.port}"
        OUT.print(f"\n  ReYNa Studio is ready: [bold]{address}[/bold]")
        _say_link(house, address)
        OUT.print("  Ctrl-C stops it.\n")
        if open:
            webbrowser.open(f"{address}/signin#{house.link}" if house.link else address)

    run(lambda: open_house(settings, ready=ready))


def serve(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(SERVICES)}.")],
    host: Host = None,
    port: Port = None,
) -> None:
    """Start one service; its neighbours are asked over NATS."""
    if service not in SERVICES:
        end(f"There is no service {service!r}; there are {', '.join(SERVICES)}.")
    settings = beside(settings_of(host=host, **{"port" if service == "studio" else f"{service}_port": port}))

    def ready(house: House) -> None:
        address = f"http://{_reachable(settings.host)}:{ports_of(settings)[service]}"
        _say_link(house, address)
        OUT.print(f"{service} is ready: {address}")

    run(lambda: open_house(settings, services=[service], library=[], ready=ready))


def _say_link(house: House, address: str) -> None:
    if house.link:
        OUT.print(f"  Sign in the first time with this link (good once): {address}/signin#{house.link}")


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - said, not bound
