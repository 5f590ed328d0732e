"""Imports a file over the studio's REST API, as the user of an API key."""

import asyncio
from functools import partial
from urllib.parse import urlencode

from reyna.cli.migrate.request import BATCH_TIMEOUT_SECONDS, MigrationRequest, OnProgress, ProgressFile
from reyna.cli.rest_client import RestClient, local_url
from reyna.services.state.legacy_import.report import Report


async def import_over_rest(request: MigrationRequest, token: str, on_progress: OnProgress) -> Report:
    """Imports the file and returns the report. Raises Refusal as the studio does, and Fault."""
    client = RestClient(request.url or local_url(), token)
    query = urlencode([("dry_run", str(request.dry_run).lower()), *(("map", entry) for entry in request.maps)])
    size = str(request.file.stat().st_size)
    headers = {"content-type": "application/x-ndjson", "content-length": size}
    with ProgressFile(request.file, on_progress) as body:
        ask = partial(
            client.ask, Report, "POST", f"/migrate/legacy?{query}", body, timeout=BATCH_TIMEOUT_SECONDS, **headers
        )
        return await asyncio.to_thread(ask)
