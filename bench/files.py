"""`python -m bench.files`: memory and speed of the studio while a large file goes up and comes down."""

import argparse
import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import uvloop

from bench.application import Application, register_users, run_application
from bench.sockets import resident_bytes

MEBIBYTE: Final = 1024 * 1024
CHUNK_BYTES: Final = 256 * 1024
SAMPLE_SECONDS: Final = 0.05  # between two looks at the memory of the server
MAX_GROWTH_MIB: Final = 100  # of the server while it handles the file
WARM_UP_BYTES: Final = 8 * MEBIBYTE


async def main(mebibytes: int) -> None:
    size = mebibytes * MEBIBYTE
    print(f"floor: {floor(min(size, 512 * MEBIBYTE)):,.0f} MiB/s to hash the same bytes and write them to the disk")
    async with run_application() as application:
        ((token, _),) = await register_users(application, 1)
        headers = {"authorization": f"Bearer {token}"}
        url = f"http://127.0.0.1:{application.port}/api"
        async with httpx.AsyncClient(base_url=url, headers=headers, timeout=600) as client:
            await _send(client, WARM_UP_BYTES)
            before = resident_bytes(application)
            sampling = asyncio.create_task(_peak_of(application))
            began = time.perf_counter()
            file = await _send(client, size)
            _print("up", size, time.perf_counter() - began)
            began = time.perf_counter()
            received = await _receive(client, file["id"])
            _print("down", size, time.perf_counter() - began)
            sampling.cancel()
            peak = await sampling
            assert received == file["sha256"], "another file came back"
        growth = (peak - before) / MEBIBYTE
        wanted = f"(wanted: below {MAX_GROWTH_MIB})"
        print(f"memory: {before / MEBIBYTE:.0f} MiB before, at most {growth:.0f} MiB more {wanted}")


def floor(size: int) -> float:
    """Returns the MiB/s at which one thread hashes bytes and writes them to a file that reaches the disk."""
    chunk, digest, began = _chunk(0), hashlib.sha256(), time.perf_counter()
    with tempfile.NamedTemporaryFile(dir=Path.cwd()) as file:
        for _ in range(size // CHUNK_BYTES):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return size / MEBIBYTE / (time.perf_counter() - began)


def _chunk(number: int) -> bytes:
    return number.to_bytes(8, "big") * (CHUNK_BYTES // 8)


async def _send(client: httpx.AsyncClient, size: int) -> dict[str, str]:
    async def content() -> AsyncIterator[bytes]:
        for number in range(size // CHUNK_BYTES):
            yield _chunk(number)

    answer = await client.post("/files", params={"name": "large.bin"}, content=content())
    answer.raise_for_status()
    found: dict[str, str] = answer.json()
    return found


async def _receive(client: httpx.AsyncClient, id: str) -> str:
    digest = hashlib.sha256()
    async with client.stream("GET", f"/files/{id}") as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_raw():
            digest.update(chunk)
    return digest.hexdigest()


async def _peak_of(application: Application) -> int:
    """Returns the highest resident memory of the server, when it is cancelled."""
    peak = 0
    try:
        while True:
            peak = max(peak, resident_bytes(application))
            await asyncio.sleep(SAMPLE_SECONDS)
    except asyncio.CancelledError:
        return peak


def _print(direction: str, size: int, seconds: float) -> None:
    amount = size / MEBIBYTE
    print(f"{direction:<6}{amount:,.0f} MiB in {seconds:.1f} s: {amount / seconds:,.0f} MiB/s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mebibytes", type=int, default=2048)
    uvloop.run(main(parser.parse_args().mebibytes))
