"""`python -m bench.dispatch`: from the event of a new blob to the start of an empty processor's code.

The time begins with the event's own time, before its commit. The worker and the client that creates the blobs run in
this process, on the same machine.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import nats
import uvloop
from nats.js.api import StreamConfig

from bench.application import Application, run_application
from bench.cpu_time import CpuMeter
from bench.floor import REPETITIONS, floor
from bench.percentiles import Spread
from reyna.adapters.nats.bus import NatsBus
from reyna.domain.blob import Blob, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.processing.processor import Instance, NewInstance
from reyna.sdk import Context, Processor
from reyna.sdk.services import connect_services
from reyna.sdk.worker import Worker
from reyna.transport.rpc import Signer, remote

USERS: Final = 20
PARALLEL_RUNS: Final = 64  # of the worker
RATES: Final = (100, 300, 1_000)  # runs per second
SATURATING_CLIENTS: Final = 32
DRAIN_SECONDS: Final = 60.0
HEAD: Final = f"{'milliseconds':<44}{'p50':>8} {'p95':>8} {'p99':>8}"


class BlobVerbs(Protocol):
    async def create(self, caller: Caller, new: NewBlob) -> Blob: ...


class StateVerbs(Protocol):
    blobs: BlobVerbs


class InstanceVerbs(Protocol):
    async def create(self, caller: Caller, new: NewInstance) -> Instance: ...


class ProcessorVerbs(Protocol):
    instances: InstanceVerbs


class Dispatch:
    """Creates blobs, and measures when the code of the processor starts for each."""

    def __init__(self, state: StateVerbs) -> None:
        self._state = state
        self._callers = [Caller(user_id=f"user-bench-{number}") for number in range(USERS)]
        self._number = 0
        self.created = 0
        self.started: list[float] = []  # milliseconds from the event
        self._on_start = asyncio.Event()

    async def make(self, blob: Blob, context: Context[None]) -> list[Any]:
        self.started.append((time.time() - blob.created_at.timestamp()) * 1000)
        self._on_start.set()
        return []

    async def create(self) -> None:
        self._number += 1
        caller = self._callers[self._number % USERS]
        await self._state.blobs.create(caller, NewBlob(schema_id="text-input-v1", data={"content": "A note"}))
        self.created += 1

    async def one_by_one(self, count: int) -> Spread:
        self._begin()
        for _ in range(count):
            await self.create()
            await self._wait_for_all()
        return Spread.of(self.started)

    async def at_rate(self, rate: int, seconds: float) -> Spread:
        self._begin()
        creating: set[asyncio.Task[None]] = set()
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
            task = asyncio.create_task(self.create())
            creating.add(task)
            task.add_done_callback(creating.discard)
        if creating:
            await asyncio.wait(creating)
        await self._wait_for_all()
        return Spread.of(self.started)

    async def as_fast_as_possible(self, seconds: float) -> float:
        """Returns the runs per second, from the first create to the last start."""
        self._begin()
        began = time.perf_counter()

        async def keep_creating() -> None:
            while time.perf_counter() - began < seconds:
                await self.create()

        await asyncio.gather(*(keep_creating() for _ in range(SATURATING_CLIENTS)))
        await self._wait_for_all()
        return len(self.started) / (time.perf_counter() - began)

    def _begin(self) -> None:
        self.created, self.started = 0, []

    async def _wait_for_all(self) -> None:
        async with asyncio.timeout(DRAIN_SECONDS):
            while len(self.started) < self.created:
                self._on_start.clear()
                await self._on_start.wait()


async def main(quick: bool) -> None:
    count, seconds = (100, 3.0) if quick else (500, 10.0)
    with tempfile.TemporaryDirectory(prefix="reyna-bench-") as folder:
        async with run_application(folder) as application:
            await _print_floor(application)
            signer = Signer(_read_secret(Path(folder)))
            async with _working(application, signer) as dispatch:
                await dispatch.one_by_one(count // 2)
                print(f"{'event -> code, one at a time':<44}{await dispatch.one_by_one(count)}")
                for rate in RATES:
                    await _measure_rate(application, dispatch, rate, seconds)
                await _measure_saturation(application, dispatch, seconds)


@asynccontextmanager
async def _working(application: Application, signer: Signer) -> AsyncIterator[Dispatch]:
    """Yields the measure, with an empty processor switched on for every user."""
    bus = await NatsBus.connect(application.addresses.nats_url, name="bench")
    dispatch = Dispatch(remote(StateVerbs, "state", bus, signer.sign))
    processor: Processor[None] = Processor("bench-empty", takes="text-input-v1", makes="edited-text-v1")
    processor(dispatch.make)
    worker = Worker(
        processor,
        bus,
        sign=signer.sign,
        services=lambda sign: connect_services(bus, sign),
        parallel=PARALLEL_RUNS,
    )
    await worker.start()
    processors = remote(ProcessorVerbs, "processors", bus, signer.sign)
    for number in range(USERS):
        await processors.instances.create(
            Caller(user_id=f"user-bench-{number}"), NewInstance(processor_id="bench-empty")
        )
    yield dispatch
    await worker.stop()
    await bus.close()


async def _measure_rate(application: Application, dispatch: Dispatch, rate: int, seconds: float) -> None:
    cpu, own = CpuMeter(application.pid), _own_cpu_seconds()
    try:
        spread = await dispatch.at_rate(rate, seconds)
    except TimeoutError:
        print(f"{f'event -> code, {rate}/s':<44} not done {DRAIN_SECONDS:g} s after the last create")
        return
    print(f"{f'event -> code, {rate}/s':<44}{spread}")
    _print_cpu(cpu.microseconds_each(spread.count), own, spread.count)


async def _measure_saturation(application: Application, dispatch: Dispatch, seconds: float) -> None:
    cpu, own = CpuMeter(application.pid), _own_cpu_seconds()
    runs = await dispatch.as_fast_as_possible(seconds)
    print(f"runs per second, {SATURATING_CLIENTS} clients that create: {runs:,.0f}")
    _print_cpu(cpu.microseconds_each(len(dispatch.started)), own, len(dispatch.started))


def _print_cpu(each: dict[str, float], own: float, count: int) -> None:
    """Prints the CPU time of each run; `own` is that of this process before the first."""
    each = each | {"worker and client": (_own_cpu_seconds() - own) / count * 1e6}
    parts = ", ".join(f"{name} {microseconds:.0f}" for name, microseconds in each.items())
    print(f"    CPU of each run in microseconds: {sum(each.values()):.0f} ({parts})")


def _read_secret(folder: Path) -> bytes:
    return (folder / "home" / "secret").read_text().strip().encode()


def _own_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _print_floor(application: Application) -> None:
    under = await floor(application.addresses.postgres_url, application.addresses.nats_url)
    pull = await _pull(application.addresses.nats_url)
    print(HEAD)
    print(f"{'PostgreSQL insert + commit':<44}{under.insert}")
    print(f"{'JetStream publish + ack':<44}{under.publish}")
    print(f"{'JetStream publish -> pulled':<44}{pull}")
    print(
        f"{'the floor: insert, publish, publish -> pulled':<44}{under.insert.p50 + under.publish.p50 + pull.p50:8.2f}\n"
    )


async def _pull(url: str) -> Spread:
    """Measures from a publication to its arrival at a pull consumer that waits for it."""
    connection = await nats.connect(url)
    try:
        stream = connection.jetstream()
        await stream.add_stream(StreamConfig(name="FLOOR", subjects=["floor"]))
        consumer = await stream.pull_subscribe("floor", "floor")
        taken = []
        for _ in range(REPETITIONS // 2):
            waiting = asyncio.create_task(consumer.fetch(1))
            await asyncio.sleep(0.002)  # until the request is with the server
            began = time.perf_counter()
            published = asyncio.create_task(stream.publish("floor", b"x" * 600))
            (message,) = await waiting
            taken.append((time.perf_counter() - began) * 1000)
            await published
            await message.ack()
        await stream.delete_stream("FLOOR")
        return Spread.of(taken)
    finally:
        await connection.close()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--quick", action="store_true", help="fewer repetitions")
    uvloop.run(main(options.parse_args().quick))
