"""`reyna account link` and `reyna account invite`: sign-in links and invitations."""

from typing import Annotated, Final

import typer

from reyna.app.bus_connection import connect_bus
from reyna.app.config import Settings
from reyna.cli.execution import run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import print_line
from reyna.domain.caller import system_caller
from reyna.services.studio.identity import StudioIdentity
from reyna.transport.rpc import Signer, remote

app: Final = typer.Typer(name="account", help="Accounts of the studio.", no_args_is_help=True)


@app.command("link")
def link(email: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Print a one-time sign-in link for an account."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _link(settings, email))


@app.command("invite")
def invite(
    email: Annotated[
        str | None, typer.Argument(help="For this address only; left out, for whoever has the link.")
    ] = None,
) -> None:
    """Print an invitation to make an account: good once, for two weeks."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _invite(settings, email))


async def _invite(settings: Settings, email: str | None) -> None:
    async with connect_bus(settings) as bus:
        identity = remote(StudioIdentity, "studio", bus, Signer(settings.signing_secret()).sign)
        token = await identity.create_invitation(system_caller(), email)
        print_line(f"Good once, for two weeks: http://127.0.0.1:{settings.port}/join#{token}")


async def _link(settings: Settings, email: str) -> None:
    async with connect_bus(settings) as bus:
        identity = remote(StudioIdentity, "studio", bus, Signer(settings.signing_secret()).sign)
        token = await identity.create_sign_in_link(system_caller(), email)
        print_line(f"Good once: http://127.0.0.1:{settings.port}/signin#{token}")
