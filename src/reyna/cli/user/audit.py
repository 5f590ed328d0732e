"""`reyna audit verify`: finds entries of the audit log that were changed, removed or inserted."""

from typing import Final

import typer

from reyna.app.bus_connection import connect_bus
from reyna.app.config import Settings
from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.terminal import print_line, quantity
from reyna.domain.caller import SYSTEM_USER_ID, system_caller
from reyna.services.studio.identity import StudioIdentity
from reyna.transport.rpc import Signer, remote

app: Final = typer.Typer(name="audit", help="The audit log of the studio.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """The audit log of the studio."""


@app.command("verify")
def verify() -> None:
    """Check every audit log; name each entry that was changed, removed or inserted. Exits with 1 when there is one."""
    settings = join_running_studio(load_settings())
    run_async(lambda: _verify(settings))


async def _verify(settings: Settings) -> None:
    async with connect_bus(settings) as bus:
        identity = remote(StudioIdentity, "studio", bus, Signer(settings.signing_secret()).sign)
        problems = await identity.verify_audit(system_caller())
    for problem in problems:
        whose = "of the studio" if problem.user_id == SYSTEM_USER_ID else f"of {problem.user_id}"
        print_line(f"Entry {problem.number} in the log {whose} is {problem.problem}.")
    if problems:
        exit_with_error(f"{quantity(len(problems), 'entry is', 'entries are')} not as they were written.")
    print_line("Every audit log is as it was written.")
