"""`python -m bench`: every figure in one run, each beside the floor of that run."""

import argparse

import uvloop

from bench.application import register_users, run_application
from bench.floor import Floor, floor
from bench.journey import create_as_fast_as_possible, create_at_rate, create_one_by_one, open_pairs
from bench.percentiles import Spread

HEAD = f"{'milliseconds':<44}{'p50':>8} {'p95':>8} {'p99':>8}"


async def main(quick: bool) -> None:
    times, seconds = (300, 3.0) if quick else (2000, 10.0)
    async with run_application() as application:
        under = await floor(application.addresses.postgres_url, application.addresses.nats_url)
        _print_floor(under)
        among = await open_pairs(application.port, await register_users(application, 32))
        await create_one_by_one(among[0], 200)
        answered, delivered = (await create_one_by_one(among[0], times)).spreads()
        _print("create -> answer, one client", answered, under)
        _print("create -> second device, one client", delivered, under)
        for rate in (50, 200):
            answered, delivered = (await create_at_rate(among, rate, seconds)).spreads()
            _print(f"create -> answer, {rate}/s", answered, under)
            _print(f"create -> second device, {rate}/s", delivered, under)
        most = await create_as_fast_as_possible(among, seconds)
        print(f"\ncreates per second, 32 connections, 32 devices listening: {most:,.0f}")
        under_after = await floor(application.addresses.postgres_url, application.addresses.nats_url)
        print(f"the floor once more, after all of it: {under_after.p50:.2f} ms")
        for pair in among:
            pair.close()


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
