"""`python -m bench.crashes`: `kill -9` of a whole studio in the middle of its work, over and over; nothing may be lost.

Each round writes on several devices, kills every process at any moment, with `--cut` also cuts the end of EVENTS off as
a power cut may, and starts again. What was acknowledged must be there, every note must have its event, and a device
that comes back with its cursor must hear all of it or be delivered to load anew.
"""

import argparse
import asyncio
import os
import random
import signal
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import uvloop
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bench.application import Application, register_users, run_application

DEVICES: Final = 5
MAX_WRITING_SECONDS: Final = 1.5  # of writing before the kill
MAX_CUT_BYTES: Final = 100_000
SETTLE_SECONDS: Final = 20.0  # until what was left behind is delivered
EVENTS: Final = "nats/jetstream/*/streams/EVENTS/msgs/*.blk"  # below the home
decode: Final = msgspec.json.decode


class Tally(msgspec.Struct):
    """The outcome of all rounds."""

    notes: int = 0
    lost: int = 0
    undelivered: int = 0
    gaps: int = 0
    resets: int = 0


async def main(rounds: int, cut: bool) -> None:
    tally, token = Tally(), ""
    with tempfile.TemporaryDirectory(prefix="reyna-crashes-") as folder:
        home = Path(folder) / "home"
        cursor, confirmed, began = "", list[str](), ""
        for number in range(rounds + 1):
            async with run_application(folder) as application:
                if not token:
                    [(token, _)] = await register_users(application, 1)
                else:
                    await _check(application, token, (cursor, began), confirmed, tally)
                if number == rounds:
                    break
                cursor, began = await _cursor(application, token), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
                confirmed = await _write_until_killed(application, token, home)
                tally.notes += len(confirmed)
            if cut:
                _cut_off(home)
            print(f"round {number + 1}: {len(confirmed)} notes acknowledged; {tally}", flush=True)
    print(f"{rounds} rounds{' with the end of EVENTS cut off' if cut else ''}: {tally}")
    if tally.lost or tally.undelivered or tally.gaps:
        raise SystemExit(1)


def _connect(application: Application, token: str, query: str = "") -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return connect(
        f"ws://127.0.0.1:{application.port}/ws{query}", additional_headers=headers, proxy=None, open_timeout=30
    )


async def _cursor(application: Application, token: str) -> str:
    async with _connect(application, token) as socket:
        return str(decode(await socket.recv())["cursor"])


async def _write_until_killed(application: Application, token: str, home: Path) -> list[str]:
    """Writes until every process of the studio is killed. Returns the notes that were acknowledged."""
    confirmed: list[str] = []
    writing = [asyncio.create_task(_write(application, token, confirmed)) for _ in range(DEVICES)]
    await asyncio.sleep(random.uniform(0.05, MAX_WRITING_SECONDS))
    for pid in [application.pid, *_processes_of(home)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*writing)
    return confirmed


async def _write(application: Application, token: str, confirmed: list[str]) -> None:
    note = {"action": "create_blob", "request_id": "1", "schema_id": "text-input-v1", "data": {"content": "The ship."}}
    with suppress(ConnectionClosed, OSError):
        async with _connect(application, token) as socket:
            while True:
                await socket.send(msgspec.json.encode(note).decode())
                while (answer := decode(await socket.recv())).get("request_id") != "1":
                    pass
                confirmed.append(answer["blob"]["id"])


def _processes_of(home: Path) -> list[int]:
    """Returns the processes with this home in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"REYNA_HOME={home}\0".encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def _cut_off(home: Path) -> None:
    """Cuts the end of EVENTS off, as if it had never reached the disk."""
    latest = max(home.glob(EVENTS), key=lambda path: int(path.stem))
    os.truncate(latest, max(0, latest.stat().st_size - random.randrange(MAX_CUT_BYTES)))


async def _check(
    application: Application, token: str, since: tuple[str, str], confirmed: list[str], tally: Tally
) -> None:
    """Counts in the tally what was lost since the cursor and the time of the round's start."""
    cursor, began = since
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{application.port}/api", headers=headers, timeout=30
    ) as client:
        statuses = [(await client.get(f"/blobs/{id}")).status_code for id in confirmed]
        tally.lost += sum(status != 200 for status in statuses)
        tally.undelivered += len(await _find_undelivered(client, set(confirmed), began))
    heard, ended = await _resume(application, token, cursor)
    if ended == "reset":
        tally.resets += 1
    else:
        tally.gaps += len(set(confirmed) - heard)


async def _find_undelivered(client: httpx.AsyncClient, wanted: set[str], since: str) -> set[str]:
    """Returns the notes without an event, after a time in which the relay can publish what was left behind."""
    end = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        delivered, query = set[str](), f"limit=200&type=blob.created&since={since}"
        while query:
            page = (await client.get(f"/events?{query}")).raise_for_status().json()
            delivered |= {event["data"]["blob_id"] for event in page["items"]}
            cursor = page["next_cursor"]
            query = "" if cursor is None else f"limit=200&type=blob.created&since={since}&cursor={cursor}"
        if wanted <= delivered or asyncio.get_running_loop().time() > end:
            return wanted - delivered
        await asyncio.sleep(0.2)


async def _resume(application: Application, token: str, cursor: str) -> tuple[set[str], str]:
    """Resumes at a cursor. Returns the notes with an event, and the type of the last frame."""
    heard: set[str] = set()
    async with _connect(application, token, f"?cursor={cursor}") as socket:
        while (frame := decode(await socket.recv()))["type"] not in ("resumed", "reset"):
            if frame["type"] == "blob.created":
                heard.add(frame["blob_id"])
    return heard, str(frame["type"])


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--cut", action="store_true", help="cut the end of EVENTS off after each kill")
    chosen = options.parse_args()
    uvloop.run(main(chosen.rounds, chosen.cut))
