"""`python -m bench`: every figure in one run, each beside the floor of that run."""

import argparse
from typing import Final

import uvloop

from bench.application import Application, register_users, run_application
from bench.cpu_time import CpuMeter
from bench.floor import Floor, floor
from bench.journey import (
    Door,
    Pair,
    create_as_fast_as_possible,
    create_at_rate,
    create_one_by_one,
    open_pairs,
)
from bench.percentiles import Spread

DOORS: Final[tuple[Door, ...]] = ("socket", "REST")
HEAD: Final = f"{'milliseconds':<44}{'p50':>8} {'p95':>8} {'p99':>8}"


async def main(quick: bool) -> None:
    times, seconds = (300, 3.0) if quick else (2000, 10.0)
    async with run_application() as application:
        under = await floor(application.addresses.postgres_url, application.addresses.nats_url)
        _print_floor(under)
        among = await open_pairs(application.port, await register_users(application, 32))
        for door in DOORS:
            print(f"over {door}")
            await _measure_latency(among, door, times, seconds, under)
            await _measure_throughput(application, among, door, seconds, "32 devices listening")
        for pair in among:
            pair.stop_listening()
        await _measure_throughput(application, among, "REST", seconds, "nobody listening")
        under_after = await floor(application.addresses.postgres_url, application.addresses.nats_url)
        print(f"the floor once more, after all of it: {under_after.p50:.2f} ms")
        for pair in among:
            pair.close()


async def _use(among: list[Pair], door: Door) -> None:
    for pair in among:
        await pair.use(door)


async def _measure_latency(among: list[Pair], door: Door, times: int, seconds: float, under: Floor) -> None:
    await _use(among, door)
    await create_one_by_one(among[0], 200)
    answered, delivered = (await create_one_by_one(among[0], times)).spreads()
    _print("create -> answer, one client", answered, under)
    _print("create -> second device, one client", delivered, under)
    for rate in (50, 200):
        await _use(among, door)
        answered, delivered = (await create_at_rate(among, rate, seconds)).spreads()
        _print(f"create -> answer, {rate}/s", answered, under)
        _print(f"create -> second device, {rate}/s", delivered, under)


async def _measure_throughput(
    application: Application, among: list[Pair], door: Door, seconds: float, who: str
) -> None:
    await _use(among, door)
    cpu = CpuMeter(application.pid)
    count, took = await create_as_fast_as_possible(among, seconds)
    each = cpu.microseconds_each(count)
    parts = ", ".join(f"{name} {microseconds:.0f}" for name, microseconds in each.items())
    print(f"creates per second, 32 connections, {who}: {count / took:,.0f}")
    print(f"CPU for each, in microseconds: {sum(each.values()):.0f} ({parts})\n")


def _print_floor(under: Floor) -> None:
    print(HEAD)
    print(f"{'PostgreSQL insert + commit':<44}{under.insert}")
    print(f"{'JetStream publish + ack':<44}{under.publish}")
    print(f"{'WebSocket echo':<44}{under.echo}")
    print(f"{'the floor: their sum':<44}{under.p50:8.2f}\n")


def _print(what: str, spread: Spread, under: Floor) -> None:
    ratios = f"{spread.p50 / under.p50:.1f}x / {spread.p99 / under.p50:.1f}x the floor (p50 / p99)"
    print(f"{what:<44}{spread}   {ratios}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer repetitions")
    uvloop.run(main(options.parse_args().quick))
