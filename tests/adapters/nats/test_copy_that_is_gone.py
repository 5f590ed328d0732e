"""A copy of a service is killed with requests under way: another one answers them, or they fail at once."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from reyna.adapters.nats.bus import NatsBus
from reyna.app.services import SERVICES
from reyna.domain.caller import Caller
from reyna.domain.errors import Gone
from reyna.embedded.nats import Nats
from reyna.ports.bus import ReceivedMessage, RpcReply, RpcRequest
from reyna.transport.rpc import Signer, parts_of, remote, serve, verbs_of
from reyna.transport.rpc.repeatable import CREATES, IDEMPOTENT_CHANGES, READS
from tests.support.collector import Collector

SECRET = b"a secret of at least thirty-two bytes"
ANA = Caller(user_id="user-ana")
TIMEOUT_SECONDS = 60.0
READING_VERBS = ("check", "examine", "find", "get", "identify", "list", "parents", "usage", "validate")
COPY = """
import asyncio, sys, time
from reyna.adapters.nats.bus import NatsBus
from reyna.ports.bus import RpcReply

async def main():
    bus = await NatsBus.connect(sys.argv[1], name="copy")

    async def answer(request):
        print("asked", flush=True)
        if request.verb == "compute":
            time.sleep(2)  # blocks the event loop, as a long computation does
            return RpcReply(b"computed")
        await asyncio.Event().wait()

    await bus.serve("library", "1.0.0", sys.argv[2:], answer)
    print("serves", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


class LibraryBlobs:
    """A part with a verb that may be asked twice."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def create(self, caller: Caller, *, id: str | None = None) -> str:
        self.ids.append(id or "none")
        return "made here"


class Library:
    """A service with a part, and a verb that may not be asked twice."""

    blobs: LibraryBlobs

    def __init__(self) -> None:
        self.blobs = LibraryBlobs()

    async def undo(self, caller: Caller) -> str:
        return "undone here"


@pytest.fixture
async def bus(nats_server: Nats) -> AsyncIterator[NatsBus]:
    bus = await NatsBus.connect(nats_server.url, name="asks")
    yield bus
    await bus.close()


@pytest.fixture
async def other(nats_server: Nats) -> AsyncIterator[NatsBus]:
    bus = await NatsBus.connect(nats_server.url, name="the other copy")
    yield bus
    await bus.close()


@pytest.fixture
async def copy(nats_server: Nats) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own that serves the library, and answers only what it computes."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COPY, nats_server.url, "blobs.create", "undo", "compute", stdout=PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"serves\n"
    yield process
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def kill_during_request(copy: asyncio.subprocess.Process, other: NatsBus, library: Library) -> None:
    assert copy.stdout
    assert await copy.stdout.readline() == b"asked\n"
    await serve(library, "library", "1.0.0", other, Signer(SECRET))
    os.kill(copy.pid, signal.SIGKILL)


async def test_what_may_be_asked_twice_is_answered_by_another_copy_under_the_same_id(
    bus: NatsBus, other: NatsBus, copy: asyncio.subprocess.Process
) -> None:
    library, asking = Library(), remote(Library, "library", bus, Signer(SECRET).sign, timeout=TIMEOUT_SECONDS)
    question = asyncio.create_task(asking.blobs.create(ANA))
    await kill_during_request(copy, other, library)
    assert await question == "made here"
    assert len(library.blobs.ids) == 1
    assert library.blobs.ids[0].startswith("blob-")


async def test_what_may_not_be_asked_twice_fails_long_before_its_time(
    bus: NatsBus, other: NatsBus, copy: asyncio.subprocess.Process
) -> None:
    asking = remote(Library, "library", bus, Signer(SECRET).sign, timeout=TIMEOUT_SECONDS)
    question = asyncio.create_task(asking.undo(ANA))
    await kill_during_request(copy, other, Library())
    with pytest.raises(Gone):
        await question


async def test_a_copy_that_works_for_long_is_waited_for(bus: NatsBus, other: NatsBus) -> None:
    whether_at_work = Collector[ReceivedMessage]()

    async def answer(request: RpcRequest) -> RpcReply:
        await whether_at_work.first(4)  # more often than it takes to find out that nobody is
        return RpcReply(b"done")

    await other.listen("reyna.rpc.library.-working", whether_at_work)
    await other.serve("library", "1.0.0", ["copy"], answer)
    assert (await bus.request("library", "copy", b"", {}, timeout=TIMEOUT_SECONDS)).body == b"done"


async def test_a_copy_that_is_too_busy_to_say_that_it_works_is_waited_for(
    bus: NatsBus, copy: asyncio.subprocess.Process
) -> None:
    assert (await bus.request("library", "compute", b"", {}, timeout=TIMEOUT_SECONDS)).body == b"computed"


def addresses_of(service: type) -> set[str]:
    """Returns the names under which the verbs of a service and of its parts are asked for."""
    parts = {f"{part}.{verb}" for part, verbs in parts_of(service).items() for verb in verbs_of(verbs)}
    return set(verbs_of(service)) | parts


ADDRESSES: set[str] = set().union(*(addresses_of(service.offered) for service in SERVICES))


def test_every_verb_that_may_be_asked_twice_is_there() -> None:
    assert READS | set(CREATES) | IDEMPOTENT_CHANGES <= ADDRESSES


def test_every_verb_that_reads_may_be_asked_twice() -> None:
    reads = {address for address in ADDRESSES if address.rpartition(".")[2].startswith(READING_VERBS)}
    assert reads <= READS
