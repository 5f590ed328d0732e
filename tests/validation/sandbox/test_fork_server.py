"""The fork server survives every request, and leaves no process behind."""

import asyncio
import gc
import os
import signal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from reyna.domain.errors import Fault
from reyna.services.schemas.compatibility.comparison import ResolvedSchema
from reyna.services.schemas.sandbox.worker import ComparisonRequest
from reyna.validation.sandbox.fork_server import ForkServer

ENDED_IN = 60.0  # seconds


def encode_request(new: Any, *olds: Any) -> bytes:
    return msgspec.json.encode(ComparisonRequest(ResolvedSchema(new), [ResolvedSchema(old) for old in olds], 60.0))


def endless_schema(number: int) -> dict[str, Any]:
    """Alternatives within alternatives, each a little different: to compare two takes all the time there is."""
    inner: dict[str, Any] = {"type": "string", "pattern": f"^a{{{number}}}"}
    for level in range(5):
        inner = {"oneOf": [{"properties": {f"p{n}": inner, f"q{level}": {"minimum": n + number}}} for n in range(4)]}
    return inner


QUICK = encode_request({"type": "string"})
ENDLESS = encode_request(endless_schema(1), *[endless_schema(2)] * 100)


class ObservedChild:
    """A process of which the kernel tells when it has ended."""

    def __init__(self, pid: int) -> None:
        self._file = os.pidfd_open(pid)

    async def ended(self) -> None:
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self._file, ended.set)
        try:
            await asyncio.wait_for(ended.wait(), ENDED_IN)
        finally:
            loop.remove_reader(self._file)
            os.close(self._file)


def _children(pid: int | None, ticks: int) -> list[int]:
    """Those that have worked for so long."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if pid else []
    return [int(child) for child in children if _ticks(child) >= ticks]


def _ticks(pid: str) -> int:
    """Of CPU time, as the kernel counts it (proc(5), field 14)."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0


async def child_of(forks: ForkServer, *, ticks: int = 0) -> int:
    """Of the process that is asked one thing only, once its child is there, and has worked for so long."""
    async with asyncio.timeout(ENDED_IN):
        while not (children := _children(forks.pid, ticks)):  # noqa: ASYNC110 - nobody tells how a child gets on
            await asyncio.sleep(0)
    [child] = children
    return child


@pytest.fixture
async def forks() -> ForkServer:
    return ForkServer("reyna.services.schemas.sandbox.worker")


async def test_one_process_answers_many(forks: ForkServer) -> None:
    assert len(await forks.ask(QUICK, 30)) == 1
    first = forks.pid
    answers = await asyncio.gather(*(forks.ask(QUICK, 30) for _ in range(20)))
    assert [len(lines) for lines in answers] == [1] * 20
    assert forks.pid == first


async def test_when_the_process_is_killed_another_answers(forks: ForkServer) -> None:
    assert len(await forks.ask(QUICK, 30)) == 1
    first = forks.pid
    assert first is not None
    watched = ObservedChild(first)
    os.kill(first, signal.SIGKILL)
    await watched.ended()
    assert len(await forks.ask(QUICK, 30)) == 1
    assert forks.pid != first


async def test_a_question_whose_child_is_killed_has_no_more_answers_and_the_next_has(forks: ForkServer) -> None:
    asking = asyncio.create_task(forks.ask(ENDLESS, 60))
    os.kill(await child_of(forks, ticks=5), signal.SIGKILL)
    assert len(await asking) < 100
    assert len(await forks.ask(QUICK, 30)) == 1


async def test_what_is_not_answered_in_time_goes_on_no_longer(forks: ForkServer) -> None:
    asking = asyncio.create_task(forks.ask(ENDLESS, 4))
    watched = ObservedChild(await child_of(forks))
    with pytest.raises(TimeoutError):
        await asking
    await watched.ended()


async def test_what_nobody_waits_for_goes_on_no_longer(forks: ForkServer) -> None:
    asking = asyncio.create_task(forks.ask(ENDLESS, 60))
    watched = ObservedChild(await child_of(forks))
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await watched.ended()


async def test_how_answering_broke_is_logged_and_not_told(
    forks: ForkServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Fault) as fault:
        await forks.ask(b"no question", 30)
    assert "no question" not in str(fault.value)
    assert "DecodeError" in "".join((*capfd.readouterr(), caplog.text))  # wherever the log of this process goes


async def test_the_process_ends_with_whoever_asked_it() -> None:
    forks = ForkServer("reyna.services.schemas.sandbox.worker")
    await forks.ask(QUICK, 30)
    assert forks.pid is not None
    watched = ObservedChild(forks.pid)
    del forks
    gc.collect()
    await watched.ended()
