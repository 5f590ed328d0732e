"""Imports over the bus, for an account of the studio that runs in this home."""

import asyncio
from typing import Any

import msgspec

from reyna.app.bus_connection import connect_bus
from reyna.cli.startup import join_running_studio, load_settings
from reyna.cli.transfer.import_request import POLL_SECONDS, ImportRequest, OnProgress
from reyna.domain.caller import system_caller
from reyna.domain.files.file import PART_BYTES, NewUpload
from reyna.services.state.service import State
from reyna.services.state.transfer.imports.task import NewImport, TransferTask
from reyna.services.studio.identity import StudioIdentity
from reyna.transport.rpc import Signer, remote


async def import_archive_over_bus(request: ImportRequest, on_progress: OnProgress) -> TransferTask:
    """Imports the file and returns the task, which has ended. Raises Refusal and Fault."""
    settings = join_running_studio(load_settings())
    async with connect_bus(settings) as bus:
        sign = Signer(settings.signing_secret()).sign
        caller = await remote(StudioIdentity, "studio", bus, sign).find_account(system_caller(), request.user)
        state = remote(State, "state", bus, sign)
        upload = await state.uploads.begin(caller, NewUpload(name=request.name, size=request.file.stat().st_size))
        with await asyncio.to_thread(request.file.open, "rb") as body:
            while part := await asyncio.to_thread(body.read, PART_BYTES):
                upload = await state.uploads.append(caller, upload.id, upload.offset, part)
                on_progress.sent(len(part))
        wanted: dict[str, Any] = {"upload_id": upload.id, "name": request.name, "format": request.format}
        wanted |= {"bucket_id": request.bucket, "atomic": request.atomic}
        task = await state.imports.request(caller, msgspec.convert(wanted, NewImport))
        while task.finished_at is None:
            await asyncio.sleep(POLL_SECONDS)
            task = await state.imports.get(caller, task.id)
            on_progress.imported(task.progress)
        return task
