"""`python -m bench.workers`: creates per second with several processes behind one port, and what each create costs.

The clients run in processes of their own, on the same machine. What a create costs says how many a machine with more
cores can take while its cores are the limit.
"""

import argparse
import asyncio
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final, get_args

import uvloop

from bench.application import register_users, run_application
from bench.cpu_time import CpuMeter
from bench.journey import Door, create_as_fast_as_possible, open_pairs

USERS: Final = 64
WARM_UP_SECONDS: Final = 2.0
KINDS: Final = ("studio", "PostgreSQL", "nats-server")
CORES: Final = (8, 32)
HEAD: Final = "workers   door   creates/s   CPU microseconds of each: " + "  ".join(KINDS) + "      sum"


async def main(numbers: Sequence[int], seconds: float, clients: int) -> None:
    print(HEAD, "  ".join(f"{cores} cores" for cores in CORES))
    for workers in numbers:
        async with run_application(workers=workers) as application:
            users = await register_users(application, USERS)
            for door in get_args(Door):
                await _create(application.port, users, door, WARM_UP_SECONDS, clients)
                cpu = CpuMeter(application.pid)
                count, took = await _create(application.port, users, door, seconds, clients)
                _print(workers, door, count / took, cpu.microseconds_each(count))


async def _create(
    port: int, users: list[tuple[str, str]], door: Door, seconds: float, clients: int
) -> tuple[int, float]:
    """Returns how many creates all clients together had answered and delivered, in how many seconds."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(clients, multiprocessing.get_context("spawn")) as pool:
        loads = [
            loop.run_in_executor(pool, create_in_this_process, port, users[number::clients], door, seconds)
            for number in range(clients)
        ]
        results = await asyncio.gather(*loads)
    return sum(count for count, _ in results), max(took for _, took in results)


def create_in_this_process(port: int, users: list[tuple[str, str]], door: Door, seconds: float) -> tuple[int, float]:
    """Returns the number of creates and the seconds they took."""

    async def create() -> tuple[int, float]:
        among = await open_pairs(port, users)
        for pair in among:
            await pair.use(door)
        done = await create_as_fast_as_possible(among, seconds)
        for pair in among:
            pair.close()
        return done

    return uvloop.run(create())


def _print(workers: int, door: Door, per_second: float, each: dict[str, float]) -> None:
    total = sum(each.values())
    parts = "  ".join(f"{each.get(kind, 0):>{max(6, len(kind))}.0f}" for kind in KINDS)
    possible = "  ".join(f"{cores * 1e6 / total:>7,.0f}" for cores in CORES)
    print(f"{workers:>7}   {door:<6} {per_second:>9,.0f}   {'':<26}{parts}   {total:>6.0f} {possible}", flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4], help="numbers of processes to try")
    options.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    options.add_argument("--clients", type=int, default=2, help="processes that create")
    given = options.parse_args()
    uvloop.run(main(given.workers, given.seconds, given.clients))
