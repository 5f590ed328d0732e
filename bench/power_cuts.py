"""`python -m bench.power_cuts`: nats-server killed and the end of EVENTS cut off, again and again; nothing may be lost.

Each round writes events through the relay, kills the server at any moment, cuts a random number of bytes off the newest
file of the stream, and starts again. Printed is how many events were lost by the stream and sent again, how many are
missing in the end, and how many the stream holds twice: the last two must be 0.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Final

import uvloop

from reyna.adapters.memory.store import MemoryStore
from reyna.adapters.nats.bus import NatsBus
from reyna.app import log
from reyna.domain.caller import Caller
from reyna.domain.event import DECODER, Event
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.storage.outbox.event_bundles import sent_events_collection
from reyna.storage.outbox.relay import Relay
from reyna.storage.outbox.sent_events import SentEvents

SENT: Final = sent_events_collection("state")
USERS: Final = [Caller(user_id=f"user-{number}") for number in range(8)]
EVENTS_PER_ROUND: Final = 400  # in one round
MAX_CUT_BYTES: Final = 100_000  # bytes


class Round:
    """One life of the nats-server over a store that outlives it."""

    def __init__(self, store: MemoryStore, server: Nats, bus: NatsBus) -> None:
        self.bus, self._server = bus, server
        self.kept = SentEvents(store, bus, SENT, retention=timedelta(days=30))
        self.relay = Relay(store, bus, sent_events=self.kept, sweep=0.05, mark=0.02)

    async def write(self, written: list[str]) -> None:
        for _ in range(EVENTS_PER_ROUND):
            message = Event.now("blob.created.text-input-v1", random.choice(USERS), {"pad": "x" * 200}).message()
            await self.relay.write(messages=[message])
            written.append(message.id)
            await asyncio.sleep(0)

    async def delivered(self) -> Counter[str]:
        last = (await self.bus.position()).last
        return Counter(
            [DECODER.decode(one.body).id async for one in self.bus.replay("reyna.event.>", after=0, until=last)]
        )


def cut(home: Path) -> int:
    """Cuts a random number of bytes off the newest file of the stream, and returns it."""
    files = home.glob("nats/jetstream/*/streams/EVENTS/msgs/*.blk")
    newest = max(files, key=lambda path: int(path.stem))
    size = random.randint(0, min(MAX_CUT_BYTES, newest.stat().st_size))
    os.truncate(newest, newest.stat().st_size - size)
    return size


async def main(rounds: int) -> None:
    log.configure("error", "console")
    with tempfile.TemporaryDirectory() as folder:
        home, store, written = Path(folder) / "home", MemoryStore([SENT]), list[str]()
        server = Nats(Home(home))
        bytes_cut = renewed = 0
        epoch = ""
        for number in range(rounds + 1):
            await server.start()
            bus = await NatsBus.connect(server.url, name="bench")
            await bus.provision()
            life = Round(store, server, bus)
            await life.relay.start()
            while (await life.delivered()).keys() != set(written):
                await asyncio.sleep(0.02)
            renewed += (before := epoch) != (epoch := (await bus.position()).epoch) and bool(before)
            if number == rounds:
                break
            writing = asyncio.create_task(life.write(written))
            await asyncio.sleep(random.uniform(0.05, 0.4))
            assert server.process.pid
            os.kill(server.process.pid, signal.SIGKILL)
            await server.stop()
            bytes_cut += cut(home)
            await writing
            await life.relay.stop()
            await bus.close()
        delivered = await life.delivered()
        print(f"{rounds} rounds, {len(written):,} events, {bytes_cut:,} bytes cut off, {renewed} epochs renewed")
        print(f"missing: {len(set(written) - delivered.keys())}, twice: {sum(many > 1 for many in delivered.values())}")
        await life.relay.stop()
        await bus.close()
        await server.stop()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    uvloop.run(main(options.parse_args().rounds))
