"""A process that serves the sample application: `python -m tests.transport.http.sample_process PORT`."""

import asyncio
import sys

from reyna.app.http_server import start_server
from reyna.app.lifecycle import freeze_startup_objects
from reyna.cli.execution import run_event_loop
from tests.transport.http.raw_requests import HOST
from tests.transport.http.sample_service import sample_app


async def serve(port: int) -> None:
    server = await start_server(sample_app(), HOST, port)
    freeze_startup_objects()
    sys.stdout.write("open\n")
    sys.stdout.flush()
    await asyncio.wait([server.ended])


if __name__ == "__main__":
    run_event_loop(serve(int(sys.argv[1])))
