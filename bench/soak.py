"""`python -m bench.soak`: honest writers and devices while every attack goes on at once, for ten minutes."""

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec
import uvloop

from bench.application import Application, register_users, run_application
from bench.attacks import ATTACKS, Target
from bench.journey import Pair, create_at_rate, open_pairs
from bench.percentiles import Spread
from bench.sockets import held_sockets, resident_bytes

WRITERS: Final = 32
SOCKETS: Final = 300
CREATES_PER_SECOND: Final = 50
WINDOW_SECONDS: Final = 20.0
MAX_DELIVERY_MS: Final = 100.0  # of honest creates, p99
MAX_GROWTH: Final = 1.25  # of memory, from the second window to the last
SERVERS: Final = ("postgres", "nats")
MIB: Final = 1024 * 1024


async def main(seconds: float, sockets: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="reyna-soak-") as folder:
        async with run_application(folder) as application:
            among = await open_pairs(application.port, await register_users(application, WRITERS))
            silent = await register_users(application, 8)
            [(token, bucket_id)] = await register_users(application, 1)
            before = _server_pids(Path(folder))
            quiet = (await create_at_rate(among, CREATES_PER_SECOND, WINDOW_SECONDS)).delivered
            print(f"{'':24}{'p50':>8} {'p95':>8} {'p99':>8} ms from the create to the second device   MiB   /healthz")
            _print("without attacks", quiet, application, 0.0)
            async with (
                held_sockets(application, [token for token, _ in silent], sockets),
                _attackers(Target(application.port, token, bucket_id), names) as answers,
            ):
                delivered, sizes = await _under_attack(application, among, seconds)
            print(f"{'all of it':24}{Spread.of(delivered)}   {len(delivered)} creates, none lost")
            for name, counted in answers.items():
                print(f"  {name:28}{', '.join(f'{times:,} x {what}' for what, times in sorted(counted.items()))}")
            problems = _problems(delivered, sizes, before, _server_pids(Path(folder)), application)
            for pair in among:
                pair.close()
            if problems:
                raise SystemExit("\n".join(problems))
            print(f"p99 below {MAX_DELIVERY_MS:g} ms, memory flat, nothing restarted")


async def _under_attack(application: Application, among: list[Pair], seconds: float) -> tuple[list[float], list[int]]:
    """Creates at a steady rate. Returns the latencies, and the memory after each window in bytes."""
    delivered: list[float] = []
    sizes: list[int] = []
    began = time.perf_counter()
    while time.perf_counter() - began < seconds:
        window = (await create_at_rate(among, CREATES_PER_SECOND, WINDOW_SECONDS)).delivered
        delivered += window
        sizes.append(resident_bytes(application))
        _print(f"after {time.perf_counter() - began:5.0f} s", window, application, await _health_ms(application))
    return delivered, sizes


async def _health_ms(application: Application) -> float:
    async with httpx.AsyncClient() as client:
        began = time.perf_counter()
        (await client.get(f"http://127.0.0.1:{application.port}/healthz")).raise_for_status()
        return (time.perf_counter() - began) * 1000


def _print(what: str, delivered: list[float], application: Application, health_ms: float) -> None:
    print(f"{what:24}{Spread.of(delivered)}{resident_bytes(application) / MIB:45.0f}{health_ms:9.1f} ms", flush=True)


def _server_pids(folder: Path) -> dict[str, str]:
    return {name: (folder / "home" / f"{name}.pid").read_text().strip() for name in SERVERS}


def _problems(
    delivered: list[float], sizes: list[int], before: dict[str, str], after: dict[str, str], application: Application
) -> list[str]:
    found = []
    if (p99 := Spread.of(delivered).p99) > MAX_DELIVERY_MS:
        found.append(f"p99 is {p99:.0f} ms")
    settled = sizes[min(1, len(sizes) - 1)]
    if sizes[-1] > settled * MAX_GROWTH:
        found.append(f"memory grew from {settled / MIB:.0f} to {sizes[-1] / MIB:.0f} MiB")
    if before != after or not Path(f"/proc/{application.pid}").exists():
        found.append(f"something was restarted: {before} before, {after} after")
    return found


@asynccontextmanager
async def _attackers(target: Target, names: list[str]) -> AsyncIterator[dict[str, dict[str, int]]]:
    """Runs the attacks in a process of their own. Yields a dict that holds their answers at the end."""
    answers: dict[str, dict[str, int]] = {}
    command = (sys.executable, "-m", "bench.soak", "--attack", msgspec.json.encode(target).decode(), *names)
    attacker = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    try:
        yield answers
    finally:
        said, _ = await attacker.communicate(b"enough")
        answers |= msgspec.json.decode(said, type=dict[str, dict[str, int]])


async def attack(target: Target, names: list[str]) -> None:
    """Runs the attacks until there is something on stdin, then prints their answers.

    An attacker has a machine of their own: here at least the server has priority.
    """
    os.nice(19)
    answers = {name: Counter[str]() for name in names}

    async def keep_on(name: str) -> None:
        while True:
            try:
                await ATTACKS[name](target, answers[name])
            except (OSError, httpx.HTTPError) as error:
                answers[name][type(error).__name__] += 1
                await asyncio.sleep(0.1)

    attackers = [asyncio.create_task(keep_on(name)) for name in names]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for one in attackers:
        one.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*attackers, return_exceptions=True)
    print(msgspec.json.encode(answers).decode())


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=600.0)
    options.add_argument("--sockets", type=int, default=SOCKETS)
    options.add_argument("--attack", metavar="TARGET", help=argparse.SUPPRESS)
    options.add_argument("names", nargs="*", metavar="ATTACK", help="all of them when left out")
    chosen = options.parse_args()
    wanted = chosen.names or [*ATTACKS]
    if unknown := set(wanted) - set(ATTACKS):
        raise SystemExit(f"there is no attack {', '.join(sorted(unknown))}")
    if chosen.attack:
        uvloop.run(attack(msgspec.json.decode(chosen.attack, type=Target), wanted))
    else:
        uvloop.run(main(chosen.seconds, chosen.sockets, wanted))
