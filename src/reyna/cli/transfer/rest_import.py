"""Imports over the studio's REST API, as the user of an API key."""

import asyncio
from functools import partial
from typing import Final
from urllib.parse import quote, urlencode

from reyna.cli.migrate.request import ProgressFile
from reyna.cli.rest_client import RestClient, local_url
from reyna.cli.transfer.import_request import POLL_SECONDS, ImportRequest, OnProgress
from reyna.services.state.transfer.imports.task import TransferTask

SILENCE_SECONDS: Final = 120.0  # of a studio that stores what is sent


async def import_archive_over_rest(request: ImportRequest, token: str, on_progress: OnProgress) -> TransferTask:
    """Imports the file and returns the task, which has ended. Raises Refusal as the studio does, and Fault."""
    client = RestClient(request.url or local_url(), token)
    query = {"format": request.format, "atomic": str(request.atomic).lower(), "name": request.name}
    if request.bucket is not None:
        query["bucket_id"] = request.bucket
    headers = {"content-type": "application/octet-stream", "content-length": str(request.file.stat().st_size)}
    with ProgressFile(request.file, on_progress.sent) as body:
        path = f"/import?{urlencode(query)}"
        ask = partial(client.ask, TransferTask, "POST", path, body, timeout=SILENCE_SECONDS, **headers)
        task = await asyncio.to_thread(ask)
    while task.finished_at is None:
        await asyncio.sleep(POLL_SECONDS)
        task = await asyncio.to_thread(client.ask, TransferTask, "GET", f"/tasks/{quote(task.id)}")
        on_progress.imported(task.progress)
    return task
