"""The promises of a bus about verbs between services, kept by memory and by NATS."""

import asyncio

import pytest

from reyna.domain.errors import TimedOut, Unserved
from reyna.ports.bus import Bus, RpcReply, RpcRequest
from tests.support.collector import Collector


async def echo(request: RpcRequest) -> RpcReply:
    return RpcReply(b":".join([request.verb.encode(), request.headers["Reyna-Caller"].encode(), request.body]))


async def test_a_question_is_answered(bus: Bus, other: Bus) -> None:
    await other.serve("state", "1.0.0", ["blob", "tree"], echo)
    reply = await bus.request("state", "tree", b"body", {"Reyna-Caller": "ana"}, timeout=30)
    assert reply == RpcReply(b"tree:ana:body")


async def test_an_error_crosses_with_its_code_and_body(bus: Bus, other: Bus) -> None:
    async def refuse(request: RpcRequest) -> RpcReply:
        return RpcReply(b"why", ("404", "not_found"))

    await other.serve("state", "1.0.0", ["blob"], refuse)
    assert await bus.request("state", "blob", b"", {}, timeout=30) == RpcReply(b"why", ("404", "not_found"))


async def test_an_answer_may_be_longer_than_any_message(bus: Bus, other: Bus) -> None:
    async def long(request: RpcRequest) -> RpcReply:
        return RpcReply(b"0123456789abcdef" * 1_300_000)

    await other.serve("state", "1.0.0", ["blobs"], long)
    reply = await bus.request("state", "blobs", b"", {}, timeout=20)
    assert reply.body == b"0123456789abcdef" * 1_300_000


async def test_a_question_that_nobody_answers_is_unserved(bus: Bus) -> None:
    await bus.serve("state", "1.0.0", ["blob"], echo)
    with pytest.raises(Unserved):
        await bus.request("state", "tree", b"", {}, timeout=30)
    with pytest.raises(Unserved):
        await bus.request("schemas", "blob", b"", {}, timeout=30)


async def test_an_answer_that_takes_too_long_is_timed_out(bus: Bus, other: Bus) -> None:
    release = asyncio.Event()

    async def slow(request: RpcRequest) -> RpcReply:
        await release.wait()
        return RpcReply(b"")

    await other.serve("state", "1.0.0", ["blob"], slow)
    with pytest.raises(TimedOut):
        await bus.request("state", "blob", b"", {}, timeout=0.05)
    release.set()


async def test_copies_of_a_service_share_the_questions(bus: Bus, other: Bus) -> None:
    async def one(request: RpcRequest) -> RpcReply:
        return RpcReply(b"one")

    async def two(request: RpcRequest) -> RpcReply:
        return RpcReply(b"two")

    await bus.serve("state", "1.0.0", ["blob"], one)
    await other.serve("state", "1.0.0", ["blob"], two)
    replies = await asyncio.gather(*[bus.request("state", "blob", b"", {}, timeout=30) for _ in range(50)])
    assert {reply.body for reply in replies} == {b"one", b"two"}


async def test_one_slow_question_does_not_hold_up_the_next(bus: Bus, other: Bus) -> None:
    both = asyncio.Barrier(2)

    async def meet(request: RpcRequest) -> RpcReply:
        await both.wait()
        return RpcReply(b"met")

    await other.serve("state", "1.0.0", ["blob"], meet)
    replies = await asyncio.gather(*[bus.request("state", "blob", b"", {}, timeout=30) for _ in range(2)])
    assert [reply.body for reply in replies] == [b"met", b"met"]


async def test_a_service_that_stops_answers_what_it_was_asked(bus: Bus, other: Bus) -> None:
    asked, release = Collector[str](), asyncio.Event()

    async def slow(request: RpcRequest) -> RpcReply:
        asked(request.verb)
        await release.wait()
        return RpcReply(b"done")

    served = await other.serve("state", "1.0.0", ["blob"], slow)
    question = asyncio.create_task(bus.request("state", "blob", b"", {}, timeout=10))
    await asked.first(1)
    stopping = asyncio.create_task(served.stop())
    release.set()
    await stopping
    assert (await question).body == b"done"
    with pytest.raises(Unserved):
        await bus.request("state", "blob", b"", {}, timeout=30)


async def test_an_answer_that_breaks_says_nothing_about_why(bus: Bus, other: Bus) -> None:
    async def breaks(request: RpcRequest) -> RpcReply:
        raise RuntimeError("a secret")

    await other.serve("state", "1.0.0", ["blob"], breaks)
    assert await bus.request("state", "blob", b"", {}, timeout=30) == RpcReply(b"", ("500", "fault"))
