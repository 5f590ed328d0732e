"""`python -m bench.validate`: the latency of validation over REST while another user registers hostile schemas."""

import argparse
import asyncio
import os
import sys
import time
import timeit
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import httpx
import msgspec
import uvloop

from bench.application import Application, register_users, run_application
from bench.http_client import HttpConnections
from bench.percentiles import Spread
from reyna.services.schemas.system import system_schemas
from reyna.validation.usage_counts import UsageCounter
from reyna.validation.validator import Validator

VALIDATIONS_PER_SECOND: Final = 200  # validations each second
SENTENCE: Final = (
    "The ship sailed into the storm, and nobody on board had slept since the lights of the coast went out. "
)
DATA: Final = {"content": SENTENCE * 6, "style": "creative"}  # some 600 bytes
REPETITIONS: Final = 20_000


async def main(seconds: float) -> None:
    _in_process()
    async with run_application() as application:
        ((good, _), (bad, _)) = await register_users(application, 2)
        print(f"{'POST /schemas/{id}/validate at 200/s, milliseconds':<60}{'p50':>8} {'p95':>8} {'p99':>8}")
        await _measure_validation(application, good, min(seconds, 2.0))
        print(f"{'by itself':<60}{await _measure_validation(application, good, seconds)}")
        async with _attack(application, bad) as answers:
            attacked = await _measure_validation(application, good, seconds)
            print(f"{'while another registers hostile schemas':<60}{attacked}")
        counted = ", ".join(f"{answers.count(status)} x {status}" for status in sorted(set(answers)))
        print(f"the other was answered: {counted or 'nothing yet'}")


def _in_process() -> None:
    new = next(each for each in system_schemas() if each.name == "text-input")
    fit, counts = Validator(new.json_schema), UsageCounter()
    for what, act in (
        ("validation in the process, 600 bytes", lambda: fit.fits(DATA)),
        ("counting it", lambda: counts.count_validation("user-ana", "text-input-v1", "1.0.0")),
    ):
        best = min(timeit.repeat(act, number=REPETITIONS, repeat=5)) / REPETITIONS
        print(f"{what:<60}{best * 1e6:8.2f} microseconds")


async def _measure_validation(application: Application, token: str, seconds: float) -> Spread:
    """Validates at a steady rate, on connections that wait for no other. Returns the latencies since the sending,
    since this event loop keeps time to a millisecond only."""
    taken: list[float] = []
    connections = HttpConnections(
        application.port, "/api/schemas/text-input-v1/validate", token, msgspec.json.encode({"data": DATA})
    )

    async def one() -> None:
        sent = time.perf_counter()
        status = await connections.ask()
        if status != 200:
            raise AssertionError(f"validation was answered with {status}")
        taken.append((time.perf_counter() - sent) * 1000)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as asked:
        for number in range(int(seconds * VALIDATIONS_PER_SECOND)):
            due = began + number / VALIDATIONS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked.create_task(one())
    connections.close()
    return Spread.of(taken)


@asynccontextmanager
async def _attack(application: Application, token: str) -> AsyncIterator[list[int]]:
    """Runs the attack in a process of its own. Yields a list that holds the statuses of its answers at the end."""
    answers: list[int] = []
    attacker = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.validate", "--attack", str(application.port), token),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield answers
    finally:
        said, _ = await attacker.communicate(b"enough")
        answers += map(int, said.split())


async def attack(port: int, token: str) -> None:
    """Registers hostile schemas on four connections of one user, until there is something on stdin.

    An attacker has a machine of their own: here at least the server has priority.
    """
    os.nice(19)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=headers, timeout=60) as client:

        async def register(first: int) -> None:
            for number in range(first, 1_000_000, 4):
                body = {"name": f"hostile-{number % 4}", "json_schema": hostile_schema(number)}
                answer = await client.post(f"http://127.0.0.1:{port}/api/schemas", json=body)
                print(answer.status_code, flush=True)

        attackers = [asyncio.create_task(register(number)) for number in range(4)]
        await asyncio.to_thread(sys.stdin.read)
        for attacker in attackers:
            attacker.cancel()
        await asyncio.gather(*attackers, return_exceptions=True)


def hostile_schema(number: int) -> dict[str, Any]:
    """Returns a new schema: large, involved or one that is refused, in turn."""
    match number // 4 % 4:
        case 0:
            inner: dict[str, Any] = {"type": "string", "pattern": f"^a{{{number % 900 + 1}}}", "maxLength": 900}
            for level in range(4):
                others = {f"q{level}": {"minimum": number}}
                inner = {"oneOf": [{"properties": {f"p{each}": inner} | others} for each in range(4)]}
            return inner
        case 1:
            return {"properties": {f"p{each}": {"maxLength": each + number} for each in range(4_500)}}
        case 2:
            bomb: dict[str, Any] = {
                f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 2} for level in range(20)
            }
            return {"$defs": bomb | {"d20": {"minimum": number}}, "$ref": "#/$defs/d0"}
    return {"properties": {f"p{each}": {"pattern": rf"^[\p{{L}}\p{{N}} ]+{number}-{each}$"} for each in range(25)}}


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10.0, help="for each of the two figures")
    options.add_argument("--attack", nargs=2, metavar=("PORT", "TOKEN"), help=argparse.SUPPRESS)
    given = options.parse_args()
    uvloop.run(attack(*given.attack) if given.attack else main(given.seconds))
