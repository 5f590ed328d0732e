"""The users of the embedded nats-server: the studio, which may do everything, and workers, which may do little."""

import asyncio
import json
import os
import signal
from contextlib import suppress
from typing import Final

import msgspec

from reyna.domain.errors import CannotStart
from reyna.embedded.home import MAX_PID, Home

STUDIO_USER: Final = "reyna"
USERS_FILE: Final = "nats/users.conf"  # included by the configuration of the server
WORKERS_FILE: Final = "nats/workers.json"
PID_FILE: Final = "nats.pid"
RELOAD_SECONDS: Final = 10.0  # in which a running server has read its users again
MAX_RESPONSES: Final = {"max": 16, "expires": "1m"}  # messages that answer one request, which a worker is sent
LOGIN_INTERVAL_SECONDS: Final = 0.05


class NatsUser(msgspec.Struct, frozen=True, kw_only=True):
    """A worker as a user of the server, and the subjects that it may use."""

    name: str
    password: str
    publish: tuple[str, ...]
    subscribe: tuple[str, ...]

    def __repr__(self) -> str:
        return f"NatsUser({self.name})"

    def configuration(self) -> dict[str, object]:
        """Returns the user as the configuration of a server has it."""
        permissions = {
            "publish": list(self.publish),
            "subscribe": list(self.subscribe),
            "allow_responses": MAX_RESPONSES,
        }
        return {"user": self.name, "password": self.password, "permissions": permissions}


class NatsUsers:
    """The users in this home, stored beside the configuration of the server."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.studio_password = home.secret("nats-password")

    def put(self, user: NatsUser) -> None:
        """Adds a worker; one of the same name gives way to it."""
        self._store({**self._workers(), user.name: user})

    def remove(self, name: str) -> NatsUser | None:
        """Removes the worker of this name and returns it; None when there is none."""
        workers = self._workers()
        removed = workers.pop(name, None)
        if removed is not None:
            self._store(workers)
        return removed

    def write(self) -> None:
        """Writes the file that the server reads."""
        users: list[dict[str, object]] = [{"user": STUDIO_USER, "password": self.studio_password}]
        users.extend(user.configuration() for user in self._workers().values())
        self._home.write(USERS_FILE, f"users: {json.dumps(users, indent=2)}\n")

    def reload(self) -> None:
        """Has a running server read its users again: those that are gone lose their connections."""
        pid = self._home.read_number(PID_FILE, most=MAX_PID)
        if pid is not None and self._home.is_held():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGHUP)

    def _store(self, workers: dict[str, NatsUser]) -> None:
        self._home.folder("nats")
        self._home.write(WORKERS_FILE, msgspec.json.encode(workers).decode())
        self.write()

    def _workers(self) -> dict[str, NatsUser]:
        try:
            return msgspec.json.decode(self._home.read(WORKERS_FILE) or "{}", type=dict[str, NatsUser])
        except msgspec.MsgspecError:
            path = self._home.path / WORKERS_FILE
            raise CannotStart(f"{path} is damaged: remove it, and issue the credentials again") from None


async def try_login(port: int, user: str, password: str) -> str | None:
    """Logs in at the server on this port, and out again; returns its reason when it refuses. Raises OSError."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await reader.readline()  # INFO
        hello = json.dumps({"user": user, "pass": password, "verbose": False, "pedantic": False})
        writer.write(f"CONNECT {hello}\r\nPING\r\n".encode())
        answer = await reader.readline()
    finally:
        writer.close()
    return None if answer.strip() == b"PONG" else answer.decode(errors="replace").strip()


async def wait_for_login(port: int, user: str, password: str, *, accepted: bool) -> None:
    """Returns when the server accepts this user, or, where `accepted` is False, refuses it. Raises CannotStart."""
    try:
        async with asyncio.timeout(RELOAD_SECONDS):
            while True:
                if (await try_login(port, user, password) is None) is accepted:
                    return
                await asyncio.sleep(LOGIN_INTERVAL_SECONDS)
    except (TimeoutError, OSError) as error:
        why = str(error) or "it still has its former users"
        raise CannotStart(f"The nats-server on port {port} did not read its users again: {why}") from None
