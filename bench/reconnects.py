"""`python -m bench.reconnects`: sockets that are cut while they catch up and while they listen, and miss nothing.

Each device keeps the cursor of the last frame it read, whatever it was, as the reference says, and comes back with it.
"""

import argparse
import asyncio
import random
from typing import Any, Final

import httpx
import msgspec
import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.application import Application, register_users, run_application

CUTS_PER_DEVICE: Final = 5  # of each device
WRITERS: Final = 4


class Device:
    """One device: the notes it heard of, and the cursor of its last frame."""

    def __init__(self, address: str, token: str, number: int) -> None:
        self._address, self._token = address, token
        self._chance = random.Random(number)
        self.cursor = ""
        self.created: list[str] = []
        self.places: list[int] = []

    async def start(self) -> None:
        """Takes the cursor from which on the device must receive everything."""
        async with self._connect() as socket:
            self.cursor = msgspec.json.decode(await socket.recv())["cursor"]

    def _connect(self, query: str = "") -> Any:
        return connect(
            f"{self._address}{query}",
            additional_headers={"Authorization": f"Bearer {self._token}"},
            proxy=None,
            open_timeout=60,
        )

    async def read_and_abort(self, by_message: bool) -> None:
        """Resumes, reads a few frames, and aborts the connection, several times."""
        for _ in range(CUTS_PER_DEVICE):
            async with self._connect("" if by_message else f"?cursor={self.cursor}") as socket:
                if by_message:
                    await socket.recv()  # a greeting for whoever has no cursor yet
                    await socket.send(msgspec.json.encode({"action": "resume", "cursor": self.cursor}).decode())
                for _ in range(self._chance.randrange(40)):
                    if self._read(await socket.recv()):
                        break
                socket.transport.abort()

    async def finish(self) -> None:
        async with self._connect(f"?cursor={self.cursor}") as socket:
            while not self._read(await socket.recv()):
                pass

    def _read(self, text: str | bytes) -> bool:
        """Keeps a frame, and tells whether the device has caught up."""
        frame = msgspec.json.decode(text)
        self.cursor = frame.get("cursor", self.cursor)
        if "event_id" in frame:
            self.places.append(int(frame["cursor"].rpartition("-")[2]))
        if frame["type"] == "blob.created":
            self.created.append(frame["blob_id"])
        if frame["type"] == "reset":
            raise RuntimeError(f"nothing was to be reset: {frame}")
        return bool(frame["type"] == "resumed")


async def _write(application: Application, token: str, count: int) -> list[str]:
    written: list[str] = []
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{application.port}/api", headers={"Authorization": f"Bearer {token}"}, timeout=60
    ) as client:

        async def some() -> None:
            for _ in range(count // WRITERS):
                note = {"schema_id": "text-input-v1", "data": {"content": "The ship sailed into the storm."}}
                answer = await client.post("/blobs", json=note)
                answer.raise_for_status()
                written.append(answer.json()["id"])

        await asyncio.gather(*(some() for _ in range(WRITERS)))
    return written


async def main(sockets: int, notes: int) -> None:
    async with run_application() as application:
        people = await register_users(application, max(1, sockets // 50))  # at most 100 sockets of one user
        address = f"ws://127.0.0.1:{application.port}/ws"
        devices = [Device(address, people[number % len(people)][0], number) for number in range(sockets)]
        await _at_once(device.start() for device in devices)
        missed = await asyncio.gather(*(_write(application, token, notes) for token, _ in people))
        going_on = asyncio.gather(*(_write(application, token, notes) for token, _ in people))
        await _at_once(device.read_and_abort(number % 2 == 0) for number, device in enumerate(devices))
        written = [before + after for before, after in zip(missed, await going_on, strict=True)]
        await _at_once(device.finish() for device in devices)
        lost = gaps = 0
        for number, device in enumerate(devices):
            wanted = written[number % len(people)]
            lost += len(set(wanted) - set(device.created))
            gaps += device.places != sorted(set(device.places)) or len(device.created) != len(wanted)
        print(
            f"{sockets} sockets, each cut {CUTS_PER_DEVICE} times, {2 * notes} notes for each: {lost} lost, {gaps} gaps"
        )
        if lost or gaps:
            raise SystemExit(1)


async def _at_once(all: Any, most: int = 50) -> None:
    turns = asyncio.Semaphore(most)

    async def one(work: Any) -> None:
        async with turns:
            try:
                await work
            except ConnectionClosed as closed:
                raise RuntimeError(f"closed by the studio: {closed}") from closed

    await asyncio.gather(*(one(work) for work in all))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sockets", type=int, default=300)
    options.add_argument("--notes", type=int, default=200, help="missed by each device, and as many meanwhile")
    chosen = options.parse_args()
    uvloop.run(main(chosen.sockets, chosen.notes))
