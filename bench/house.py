"""A whole house of its own for a benchmark, in a process of its own."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import httpx
import msgspec

from reyna.embedded.servers import Addresses, running


class Bench(msgspec.Struct, frozen=True):
    """Where the house is, and the addresses of the servers under it."""

    port: int
    addresses: Addresses
    pid: int


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


@asynccontextmanager
async def house(where: str | None = None) -> AsyncIterator[Bench]:
    """`reyna up` on free ports in a home of this folder, or in a temporary one; the language model is left out, since
    nothing here writes."""
    temporary = tempfile.TemporaryDirectory(prefix="reyna-bench-") if where is None else nullcontext(where)
    with temporary as folder:
        home = Path(folder) / "home"
        names = ("REYNA_PORT", "REYNA_SCHEMAS_PORT", "REYNA_STATE_PORT", "REYNA_PROCESSORS_PORT")
        ports = dict(zip(names, map(str, free_ports(4)), strict=True))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REYNA_")}
        environment |= {"REYNA_HOME": str(home), "REYNA_LLM_URL": "http://127.0.0.1:9", "REYNA_LLM_MODEL": "none"}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "reyna", "up", env=environment | ports, cwd=folder, stdout=PIPE
        )
        try:
            await _ready(process)
            addresses = running(home)
            assert addresses is not None
            yield Bench(int(ports["REYNA_PORT"]), addresses, process.pid)
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
    raise RuntimeError("the house did not come up")


async def users(bench: Bench, count: int) -> list[tuple[str, str]]:
    """So many new users: (token, a bucket of theirs). Their processors are switched off: what is measured is a note."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{bench.port}/api") as client:
        return [await _user(client, number) for number in range(count)]


async def _user(client: httpx.AsyncClient, number: int) -> tuple[str, str]:
    new = {"email": f"user-{os.urandom(6).hex()}@bench.example", "password": "long enough", "name": f"User {number}"}
    token = _of(await client.post("/auth/register", json=new))["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    for instance in _of(await client.get("/instances", headers=bearer))["items"]:
        _of(await client.patch(f"/instances/{instance['id']}", json={"enabled": False}, headers=bearer))
    bucket = _of(await client.post("/buckets", json={"name": "Chapter", "type": "scene"}, headers=bearer))
    client.cookies.clear()
    return token, bucket["id"]


def _of(response: httpx.Response) -> Any:
    response.raise_for_status()
    return response.json()
