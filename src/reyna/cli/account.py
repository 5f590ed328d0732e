"""`reyna account link`: a way in for whoever lost theirs."""

from typing import Annotated, Final

import typer

from reyna.cli.starting import OUT, beside, run, settings_of
from reyna.config import Settings
from reyna.domain.caller import house
from reyna.main import Gatehouse, connected
from reyna.rpc import Signer, remote

app: Final = typer.Typer(name="account", help="Accounts of the studio.", no_args_is_help=True)


@app.command("link")
def link(email: Annotated[str, typer.Argument(help="Whose account.")]) -> None:
    """Print a one-time sign-in link for an account."""
    settings = beside(settings_of())
    run(lambda: _link(settings, email))


async def _link(settings: Settings, email: str) -> None:
    async with connected(settings) as bus:
        gate = remote(Gatehouse, "studio", bus, Signer(settings.signing_secret()).sign)
        token = await gate.link(house(), email)
        OUT.print(f"Good once: http://127.0.0.1:{settings.port}/signin#{token}")
