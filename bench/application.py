"""The application under measurement: a studio of its own in a process of its own, and users to measure with."""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec

from reyna.adapters.postgres.pool import open_pool
from reyna.adapters.postgres.store import PostgresStore
from reyna.app.addresses import Addresses, running_addresses
from reyna.embedded.tcp_ports import free_ports
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.records import COLLECTIONS
from reyna.services.studio.sign_in.session_store import SessionStore

MAX_STORING: Final = 200  # users that are stored at the same time


class Application(msgspec.Struct, frozen=True):
    """The running studio: its port, its process, and the addresses of its servers."""

    port: int
    addresses: Addresses
    pid: int


@asynccontextmanager
async def run_application(home_folder: str | None = None, *, workers: int = 1) -> AsyncIterator[Application]:
    """Runs `reyna up` on free ports in a home below this folder, or in a temporary one, without a language model."""
    temporary = tempfile.TemporaryDirectory(prefix="reyna-bench-") if home_folder is None else nullcontext(home_folder)
    with temporary as folder:
        home = Path(folder) / "home"
        names = ("REYNA_PORT", "REYNA_SCHEMAS_PORT", "REYNA_STATE_PORT", "REYNA_PROCESSORS_PORT")
        ports = dict(zip(names, map(str, free_ports(4)), strict=True))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REYNA_")}
        environment |= {"REYNA_HOME": str(home), "REYNA_LLM_URL": "http://127.0.0.1:9", "REYNA_LLM_MODEL": "none"}
        environment["REYNA_EMBEDDINGS"] = "off"
        environment["REYNA_WORKERS"] = str(workers)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "reyna", "up", env=environment | ports, cwd=folder, stdout=PIPE
        )
        try:
            await _ready(process)
            addresses = running_addresses(home)
            assert addresses is not None
            yield Application(int(ports["REYNA_PORT"]), addresses, process.pid)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
                await process.wait()


async def _ready(process: Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(60):
        while text := await process.stdout.readline():
            if b"is ready" in text:
                return
    raise RuntimeError("the studio did not start")


async def register_users(application: Application, count: int) -> list[tuple[str, str]]:
    """Registers new users whose processors are disabled. Returns a token and the id of a bucket for each."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{application.port}/api") as client:
        return [await _user(client, number) for number in range(count)]


async def _user(client: httpx.AsyncClient, number: int) -> tuple[str, str]:
    new = {"email": f"user-{os.urandom(6).hex()}@bench.example", "password": "long enough", "name": f"User {number}"}
    token = _body_of(await client.post("/auth/register", json=new))["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for instance in _body_of(await client.get("/instances", headers=bearer))["items"]:
        _body_of(await client.patch(f"/instances/{instance['id']}", json={"enabled": False}, headers=bearer))
    bucket = _body_of(await client.post("/buckets", json={"name": "Chapter", "type": "scene"}, headers=bearer))
    client.cookies.clear()
    return token, bucket["id"]


async def store_users(application: Application, count: int) -> list[str]:
    """Stores new users who have neither password nor buckets, and returns the token of a session for each: to register
    one costs a fifth of a second."""
    pool = await open_pool(application.addresses.postgres_url)
    try:
        store, clock = PostgresStore(pool, "studio", COLLECTIONS), partial(datetime.now, UTC)
        accounts, sessions = AccountStore(store, clock), SessionStore(store, clock)
        turns = asyncio.Semaphore(MAX_STORING)

        async def one(number: int) -> str:
            async with turns:
                account = await accounts.create(f"{os.urandom(6).hex()}@bench.example", f"User {number}", None)
                return await sessions.create(account.id, "session")

        return await asyncio.gather(*(one(number) for number in range(count)))
    finally:
        await pool.close()


def _body_of(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()
