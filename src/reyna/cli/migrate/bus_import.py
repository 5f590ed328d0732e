"""Imports a file over the bus, for an account of the studio that runs in this home."""

import asyncio
from collections.abc import AsyncIterator

from reyna.app.bus_connection import connect_bus
from reyna.cli.migrate.request import BATCH_TIMEOUT_SECONDS, CHUNK_BYTES, MigrationRequest, OnProgress, ProgressFile
from reyna.cli.startup import join_running_studio, load_settings
from reyna.domain.caller import system_caller
from reyna.services.state.legacy_import.lines import fields_of
from reyna.services.state.legacy_import.reader import import_lines
from reyna.services.state.legacy_import.report import Report
from reyna.services.state.service import State
from reyna.services.studio.identity import StudioIdentity
from reyna.transport.rpc import Signer, remote


async def import_over_bus(request: MigrationRequest, on_progress: OnProgress) -> Report:
    """Imports the file and returns the report. Raises Refusal and Fault."""
    settings = join_running_studio(load_settings())
    async with connect_bus(settings) as bus:
        sign = Signer(settings.signing_secret()).sign
        caller = await remote(StudioIdentity, "studio", bus, sign).find_account(system_caller(), request.user)
        state = remote(State, "state", bus, sign, timeout=BATCH_TIMEOUT_SECONDS)
        with ProgressFile(request.file, on_progress) as body:
            return await import_lines(
                state.legacy_import, caller, _read_chunks(body), fields_of(request.maps), dry_run=request.dry_run
            )


async def _read_chunks(body: ProgressFile) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(body.read, CHUNK_BYTES):
        yield chunk
