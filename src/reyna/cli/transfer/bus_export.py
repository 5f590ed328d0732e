"""Exports over the bus, for an account of the studio that runs in this home."""

from collections.abc import Callable

from reyna.app.bus_connection import connect_bus
from reyna.cli.startup import join_running_studio, load_settings
from reyna.domain.caller import system_caller
from reyna.services.state.service import State
from reyna.services.state.transfer.exports.library_export import LibraryExport
from reyna.services.studio.identity import StudioIdentity
from reyna.transport.rpc import Signer, remote


async def export_over_bus(
    bucket: str | None, user: str | None, write: Callable[[bytes], None], *, revisions: bool
) -> None:
    """Passes the bytes of the archive on to `write`. Raises Refusal and Fault."""
    settings = join_running_studio(load_settings())
    async with connect_bus(settings) as bus:
        sign = Signer(settings.signing_secret()).sign
        caller = await remote(StudioIdentity, "studio", bus, sign).find_account(system_caller(), user)
        state = remote(State, "state", bus, sign)
        async for chunk in await LibraryExport(state, caller, bucket, revisions=revisions).begin():
            write(chunk)
