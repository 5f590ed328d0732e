"""`python -m bench.migrate`: a legacy file in one go, and once more with `kill -9` of the command and of the studio."""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import uvloop

from bench.application import Application, register_users, run_application

BOOKS: Final = 50
CHAPTERS: Final = 2_000
WORDS: Final = "The ship sailed into the storm, and nobody on board had slept. " * 8  # some 500 characters
POLL_SECONDS: Final = 0.1  # seconds between two looks at how much memory something takes


class Run(msgspec.Struct, frozen=True):
    """The outcome of a command: exit code, duration, peak of its memory, and its report."""

    code: int
    seconds: float
    mebibytes: float
    report: Any


async def main(lines: int) -> None:
    with tempfile.TemporaryDirectory(prefix="reyna-bench-") as folder:
        file = Path(folder) / "old.jsonl"
        _write(file, lines)
        print(f"{lines:,} lines, {file.stat().st_size / 2**20:.0f} MiB, {BOOKS} books, {CHAPTERS} chapters\n")
        async with run_application(folder) as application:
            (first, _), (second, _) = await register_users(application, 2)
            before = _peak(application.pid)
            _print("in one go", await _run(application, file, first), lines)
            print(f"    the studio: {before:.0f} MiB before, {_peak(application.pid):.0f} MiB at its peak")
            _print("once more, nothing to do", await _run(application, file, first), lines)
            await _run_and_kill(application, file, second, lines // 3, studio_too=False)
            print(f"    the command was killed at {await _count(application, second):,} blobs")
            await _run_and_kill(application, file, second, 2 * lines // 3, studio_too=True)
        async with run_application(folder) as application:
            print(f"    the studio was killed at {await _count(application, second):,} blobs")
            _print("finished by another run", await _run(application, file, second), lines)
            for token in (first, second):
                await _check(application, token, lines)
    print("\nEvery line is there exactly once.")


def _write(file: Path, lines: int) -> None:
    with file.open("wb") as out:
        for number in range(lines):
            line = {"id": f"note-{number}", "content": f"{number}: {WORDS}", "created_at": 1_600_000_000 + number}
            line |= {"book_id": f"book-{number % BOOKS}", "chapter_id": f"chapter-{number % CHAPTERS}"}
            line |= {"parent_id": f"note-{(number * 7) % lines}"} if number % 4 == 0 else {}
            out.write(msgspec.json.encode(line) + b"\n")


async def _start(application: Application, file: Path, token: str) -> Process:
    address = f"http://127.0.0.1:{application.port}"
    command = ("-m", "reyna", "migrate", "legacy", str(file), "--json", "--url", address, "--token", token)
    return await asyncio.create_subprocess_exec(sys.executable, *command, stdout=PIPE, stderr=PIPE)


async def _run(application: Application, file: Path, token: str) -> Run:
    began = time.perf_counter()
    process = await _start(application, file, token)
    watching = asyncio.create_task(_watch_memory(process.pid))
    out, complaint = await process.communicate()
    seconds = time.perf_counter() - began
    report = msgspec.json.decode(out) if out else complaint.decode()
    return Run(process.returncode or 0, seconds, await watching, report)


async def _run_and_kill(application: Application, file: Path, token: str, at: int, *, studio_too: bool) -> None:
    """Starts the command, and kills it or the studio with `kill -9` when so many blobs are stored."""
    process = await _start(application, file, token)
    while await _count(application, token) < at:
        await asyncio.sleep(POLL_SECONDS)
    os.kill(application.pid if studio_too else process.pid, signal.SIGKILL)
    await process.communicate()


async def _count(application: Application, token: str) -> int:
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{application.port}/api/me", timeout=60)
    return int(answer.raise_for_status().json()["usage"]["blobs"])


async def _check(application: Application, token: str, lines: int) -> None:
    """Asserts that every line is stored once, by its old id."""
    seen = list[str]()
    query: dict[str, str] = {"limit": "200"}
    bearer = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(headers=bearer, trust_env=False, timeout=60) as client:
        while True:
            answer = await client.get(f"http://127.0.0.1:{application.port}/api/blobs", params=query)
            page = answer.raise_for_status().json()
            seen += [blob["legacy"]["id"] for blob in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
    if sorted(seen) != sorted(f"note-{number}" for number in range(lines)):
        raise SystemExit(f"{len(seen):,} blobs of {len(set(seen)):,} lines are there instead of {lines:,}")


async def _watch_memory(pid: int) -> float:
    peak = 0.0
    with suppress(OSError, IndexError):  # it has ended
        while True:
            peak = max(peak, _peak(pid))
            await asyncio.sleep(POLL_SECONDS)
    return peak


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _print(what: str, run: Run, lines: int) -> None:
    if run.code != 0:
        raise SystemExit(f"{what}: {run.report}")
    delivered = {name: run.report[name] for name in ("created", "already_there", "buckets", "placed", "rejected")}
    print(f"{what:<28}{run.seconds:8.1f} s {lines / run.seconds:10,.0f} lines/s {run.mebibytes:6.0f} MiB   {delivered}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=100_000)
    uvloop.run(main(options.parse_args().lines))
