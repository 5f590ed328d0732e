"""`python -m bench.sockets`: memory and latency of one gateway with many open sockets."""

import argparse
import asyncio
import gc
import os
import resource
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import uvloop

from bench.application import Application, register_users, run_application, store_users
from bench.floor import floor
from bench.journey import create_at_rate, open_pairs
from bench.percentiles import Spread
from bench.websocket_client import open_websocket

MAX_SOCKETS_PER_USER: Final = 100  # that the gateway takes
WRITERS: Final = 32  # users with two devices more, one that writes and one that listens
MAX_CONNECTING: Final = 50  # sockets that are being opened at the same time
PROCESSES: Final = 2  # that hold the other ends
TARGETS: Final = {1_000: (50, 8.0), 10_000: (100, 20.0)}  # sockets: creates per second, and milliseconds (p99)
MAX_KIB_PER_SOCKET: Final = 24  # for each socket, at most
SETTLE_SECONDS: Final = 3.0  # seconds until what opening left behind is gone


async def main(sockets: int, users: int, rate: int | None, seconds: float) -> None:
    _allow_files(sockets + 1_000)
    if not PROCESSES <= users <= sockets <= users * MAX_SOCKETS_PER_USER:
        raise SystemExit(f"{sockets:,} sockets need between {sockets / MAX_SOCKETS_PER_USER:g} and {sockets:,} users")
    nearest = min(TARGETS, key=lambda known: abs(known - sockets))
    each_second = rate or TARGETS[nearest][0]
    async with run_application() as application:
        among = await open_pairs(application.port, await register_users(application, WRITERS))
        silent = await store_users(application, users)
        under = await floor(application.addresses.postgres_url, application.addresses.nats_url)
        await create_at_rate(among, each_second, 1.0)
        _print(
            f"{2 * WRITERS} sockets open, {each_second} creates/s",
            (await create_at_rate(among, each_second, seconds)).delivered,
        )
        before, began = resident_bytes(application), time.perf_counter()
        async with held_sockets(application, silent, sockets):
            opened = f"{sockets:,} more sockets of {users:,} users"
            print(f"{opened} were opened in {time.perf_counter() - began:.1f} s")
            await asyncio.sleep(SETTLE_SECONDS)
            each = (resident_bytes(application) - before) / sockets / 1024
            print(f"memory: {each:.1f} KiB for each socket (wanted: below {MAX_KIB_PER_SOCKET})")
            delivered = (await create_at_rate(among, each_second, seconds)).delivered
            _print(f"with {sockets:,} more, {each_second} creates/s", delivered)
            print(f"wanted: p99 below {TARGETS[nearest][1]:.0f} ms; the floor of this run: {under.p50:.2f} ms")
        for pair in among:
            pair.close()


def _print(what: str, delivered: list[float]) -> None:
    print(f"{what:<44}{Spread.of(delivered)}   p50, p95, p99 in ms from the create to the second device", flush=True)


def resident_bytes(application: Application) -> int:
    """Returns the resident memory of the studio's process in bytes."""
    status = Path(f"/proc/{application.pid}/status").read_text()
    (resident,) = (row.split()[1] for row in status.splitlines() if row.startswith("VmRSS:"))
    return int(resident) * 1024


def _allow_files(count: int) -> None:
    """Raises SystemExit when so many open files are not allowed here."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and most < count:
        raise SystemExit(f"{count} open files are needed, and {most} allowed: ulimit -Hn")
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, most))


@asynccontextmanager
async def held_sockets(application: Application, tokens: list[str], sockets: int) -> AsyncIterator[None]:
    """Holds so many sockets open, with their clients in processes of their own."""
    shares = [tokens[number::PROCESSES] for number in range(PROCESSES)]
    counts = [sockets // PROCESSES + (number < sockets % PROCESSES) for number in range(PROCESSES)]
    held = await asyncio.gather(*(_start_holder(application, *share) for share in zip(shares, counts, strict=True)))
    try:
        await asyncio.gather(*(_wait_opened(process) for process in held))
        yield
    finally:
        for process in held:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _start_holder(application: Application, tokens: list[str], count: int) -> Process:
    command = (sys.executable, "-m", "bench.sockets", "--hold", str(count), "--port", str(application.port))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    process.stdin.write("".join(f"{token}\n" for token in tokens).encode() + b"\n")
    await process.stdin.drain()
    return process


async def _wait_opened(process: Process) -> None:
    assert process.stdout is not None
    async with asyncio.timeout(120):
        if await process.stdout.readline() != b"open\n":
            raise RuntimeError("the sockets could not be opened")


async def hold(port: int, count: int) -> None:
    """Opens the sockets, prints `open`, and holds them until stdin is closed."""
    tokens = []
    while token := sys.stdin.readline().strip():
        tokens.append(token)
    turns = asyncio.Semaphore(MAX_CONNECTING)
    greeted = asyncio.Semaphore(0)

    async def one(number: int) -> object:
        async with turns:
            made = await open_websocket(port, "/ws", lambda _: greeted.release(), tokens[number % len(tokens)])
            await greeted.acquire()
            return made

    lines = await asyncio.gather(*(one(number) for number in range(count)))
    gc.freeze()
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    assert len(lines) == count


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sockets", type=int, default=1_000)
    options.add_argument("--users", type=int, help="whose sockets they are; as many as sockets when left out")
    options.add_argument("--rate", type=int, help="creates per second")
    options.add_argument("--seconds", type=float, default=10.0, help="how long each load lasts")
    options.add_argument("--hold", type=int, help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.hold:
        uvloop.run(hold(chosen.port, chosen.hold))
    else:
        os.environ.setdefault("PYTHONUNBUFFERED", "1")
        uvloop.run(main(chosen.sockets, chosen.users or chosen.sockets, chosen.rate, chosen.seconds))
