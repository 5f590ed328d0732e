"""The promises of a bus about events and work, kept by memory and by NATS."""

import asyncio
import threading
from itertools import count

import pytest

from reyna.domain.errors import Fault
from reyna.domain.event import Message
from reyna.ports.bus import Bus, Delivery, ReceivedMessage, RetryLater
from tests.support.collector import Collector

_numbers = count(1)


def an_event(user: str = "user-ana", type: str = "blob.created.text-input-v1", body: bytes = b"{}") -> Message:
    return Message(f"event-{next(_numbers)}", f"reyna.event.{user}.{type}", body)


def a_run(processor: str = "text-expansion", body: bytes = b"{}") -> Message:
    return Message(f"run-{next(_numbers)}", f"reyna.run.{processor}.user-ana", body)


# --- publish and listen ---


async def test_a_listener_hears_what_was_stored_with_its_place_in_the_stream(bus: Bus, other: Bus) -> None:
    heard = Collector[ReceivedMessage]()
    await other.listen("reyna.live.user-ana.>", heard)
    await bus.publish(an_event(body=b"first"))
    await bus.publish(an_event(type="bucket.created", body=b"second"))
    assert await heard.first(2) == [
        ReceivedMessage("reyna.live.user-ana.blob.created.text-input-v1", b"first", 1),
        ReceivedMessage("reyna.live.user-ana.bucket.created", b"second", 2),
    ]


async def test_a_listener_for_ana_never_hears_what_happens_to_bo(bus: Bus) -> None:
    heard = Collector[ReceivedMessage]()
    await bus.listen("reyna.live.user-ana.>", heard)
    await bus.publish(an_event("user-bo"))
    await bus.publish(an_event("user-ana"))
    await heard.first(1)
    assert [one.sequence for one in heard.items] == [2]


async def test_every_copy_that_listens_hears_everything(bus: Bus, other: Bus) -> None:
    one, two = Collector[ReceivedMessage](), Collector[ReceivedMessage]()
    await bus.listen("reyna.live.>", one)
    await other.listen("reyna.live.>", two)
    await bus.publish(an_event())
    assert await one.first(1) == await two.first(1)


async def test_a_listener_that_stopped_hears_nothing_more(bus: Bus) -> None:
    gone, there = Collector[ReceivedMessage](), Collector[ReceivedMessage]()
    listening = await bus.listen("reyna.live.>", gone)
    await bus.listen("reyna.live.>", there)
    await listening.stop()
    await bus.publish(an_event())
    await there.first(1)
    assert gone.items == []


async def test_a_listener_that_breaks_does_not_silence_the_others(bus: Bus) -> None:
    def breaks(heard: ReceivedMessage) -> None:
        raise RuntimeError("deaf")

    heard = Collector[ReceivedMessage]()
    await bus.listen("reyna.live.>", breaks)
    await bus.listen("reyna.live.>", heard)
    await bus.publish(an_event())
    await bus.publish(an_event())
    assert len(await heard.first(2)) == 2


async def test_a_thousand_messages_under_way_at_once_keep_their_order(bus: Bus) -> None:
    heard = Collector[ReceivedMessage]()
    await bus.listen("reyna.live.>", heard)
    bodies = [str(number).encode() for number in range(1000)]
    await asyncio.gather(*[bus.publish(an_event(body=body)) for body in bodies])
    assert [one.body for one in await heard.first(1000)] == bodies


async def test_a_repeat_of_the_same_message_is_stored_once(bus: Bus) -> None:
    message = an_event()
    await bus.publish(message)
    await bus.publish(message)
    position = await bus.position()
    assert (position.first, position.last) == (1, 1)


async def test_a_message_that_no_stream_takes_is_a_fault(bus: Bus) -> None:
    with pytest.raises(Fault):
        await bus.publish(Message("1", "elsewhere.user-ana", b""))


async def test_what_is_told_is_heard_and_not_stored(bus: Bus, other: Bus) -> None:
    heard = Collector[ReceivedMessage]()
    subject = "reyna.live.user-ana.processor.progress.text-expansion"
    await other.listen("reyna.live.user-ana.>", heard)
    await bus.publish_ephemeral(subject, b"half")
    assert await heard.first(1) == [ReceivedMessage(subject, b"half", None)]
    assert (await bus.position()).last == 0


# --- replay ---


async def test_replay_gives_one_users_events_in_order_between_two_places(bus: Bus) -> None:
    for number in range(10):
        await bus.publish(an_event("user-ana" if number % 2 else "user-bo", body=str(number).encode()))
    replayed = [one async for one in bus.replay("reyna.event.user-ana.>", after=2, until=8)]
    assert [(one.sequence, one.body) for one in replayed] == [(4, b"3"), (6, b"5"), (8, b"7")]
    assert replayed[0].subject == "reyna.event.user-ana.blob.created.text-input-v1"


async def test_replay_of_many_thousand_events_is_whole(bus: Bus) -> None:
    await asyncio.gather(*[bus.publish(an_event("user-bo" if n % 5 == 0 else "user-ana")) for n in range(5000)])
    replayed = [one.sequence async for one in bus.replay("reyna.event.user-ana.>", after=0, until=5000)]
    assert replayed == [sequence for sequence in range(1, 5001) if (sequence - 1) % 5]


async def test_replay_of_somebody_without_events_is_empty(bus: Bus) -> None:
    await bus.publish(an_event("user-ana"))
    assert [one async for one in bus.replay("reyna.event.user-bo.>", after=0, until=1)] == []
    assert [one async for one in bus.replay("reyna.event.user-ana.>", after=1, until=1)] == []


async def test_a_replay_can_be_left_half_way(bus: Bus) -> None:
    await asyncio.gather(*[bus.publish(an_event()) for _ in range(20)])
    async for one in bus.replay("reyna.event.user-ana.>", after=0, until=20):
        if one.sequence == 3:
            break
    assert [one.sequence async for one in bus.replay("reyna.event.>", after=18, until=20)] == [19, 20]


async def test_the_position_tells_an_empty_stream_from_a_filled_one(bus: Bus, other: Bus) -> None:
    empty = await bus.position()
    assert (empty.first, empty.last) == (1, 0)
    await bus.publish(an_event())
    filled = await other.position()
    assert (filled.first, filled.last) == (1, 1)
    assert filled.epoch == empty.epoch != ""


# --- subscribe ---


async def test_a_durable_subscription_also_gets_what_came_before_it(bus: Bus) -> None:
    await bus.publish(an_event(body=b"before"))
    handled = Collector[tuple[str, bytes, int]]()

    async def handle(delivery: Delivery) -> None:
        handled((delivery.subject, delivery.body, delivery.attempt))

    await bus.subscribe("EVENTS", "matching", "reyna.event.>", handle)
    await bus.publish(an_event(body=b"after"))
    assert await handled.first(2) == [
        ("reyna.event.user-ana.blob.created.text-input-v1", b"before", 1),
        ("reyna.event.user-ana.blob.created.text-input-v1", b"after", 1),
    ]


async def test_copies_share_the_work_and_each_piece_is_done_once(bus: Bus, other: Bus) -> None:
    handled = Collector[tuple[str, bytes]]()
    both_work = asyncio.Barrier(2)

    async def work(copy: str, delivery: Delivery) -> None:
        if len(handled.items) < 2:
            async with asyncio.timeout(60):
                await both_work.wait()
        handled((copy, delivery.body))

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", lambda d: work("one", d))
    await other.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", lambda d: work("two", d))
    for number in range(20):
        await bus.publish(a_run(body=str(number).encode()))
    done = await handled.first(20)
    assert {copy for copy, _ in done} == {"one", "two"}
    assert sorted(int(body) for _, body in done) == [*range(20)]


async def test_no_more_is_handled_at_once_than_was_asked_for(bus: Bus) -> None:
    begun, release = Collector[bytes](), asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        begun(delivery.body)
        await release.wait()

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle, parallel=3)
    for _ in range(10):
        await bus.publish(a_run())
    await begun.first(3)
    await bus.position()  # a round trip, in which a fourth would have come
    assert len(begun.items) == 3
    release.set()
    await begun.first(10)


async def test_what_is_ignored_is_not_handled_and_the_rest_is(bus: Bus, other: Bus) -> None:
    handled = Collector[bytes]()

    async def work(delivery: Delivery) -> None:
        handled(delivery.body)

    def is_ignored(body: bytes) -> bool:
        return not body.endswith(b"0")

    for copy in (bus, other):
        await copy.subscribe("EVENTS", "clock", "reyna.event.>", work, parallel=2, ack_wait=0.3, is_ignored=is_ignored)
    expected = [str(number).encode() for number in range(0, 300, 10)]
    await asyncio.gather(*(bus.publish(an_event(body=str(number).encode())) for number in range(300)))
    assert sorted(await handled.first(len(expected))) == sorted(expected)
    await bus.publish(an_event(body=b"alone 0"))
    assert (await handled.first(len(expected) + 1))[-1] == b"alone 0"


async def test_work_that_asks_for_later_comes_again_later(bus: Bus) -> None:
    attempts = Collector[int]()

    async def handle(delivery: Delivery) -> None:
        attempts(delivery.attempt)
        if delivery.attempt < 3:
            raise RetryLater(0.01)

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle)
    await bus.publish(a_run())
    assert await attempts.first(3) == [1, 2, 3]


async def test_work_that_broke_is_delivered_again(bus: Bus) -> None:
    attempts = Collector[int]()

    async def handle(delivery: Delivery) -> None:
        attempts(delivery.attempt)
        if delivery.attempt == 1:
            raise RuntimeError("broken")

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle)
    await bus.publish(a_run())
    assert await attempts.first(2) == [1, 2]


async def test_work_that_nobody_acknowledged_in_time_goes_to_somebody_else(bus: Bus, other: Bus) -> None:
    attempts, release = Collector[int](), asyncio.Event()

    async def hangs(delivery: Delivery) -> None:
        attempts(delivery.attempt)
        await release.wait()

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", hangs, ack_wait=0.2)
    await bus.publish(a_run())
    await attempts.first(1)
    await other.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", hangs, ack_wait=0.2)
    assert (await attempts.first(2))[1] == 2
    release.set()


async def test_work_that_reports_progress_is_not_given_to_somebody_else(bus: Bus, other: Bus) -> None:
    ticks, attempts, done = Collector[int](), Collector[int](), asyncio.Event()

    async def tick(delivery: Delivery) -> None:
        """Delivered again every 0.1 s: a clock made of impatience."""
        ticks(delivery.attempt)
        await done.wait()

    async def reports(delivery: Delivery) -> None:
        attempts(delivery.attempt)
        for number in range(2, 10):
            await ticks.first(number)
            await delivery.in_progress()
        done.set()

    await bus.subscribe("EVENTS", "clock", "reyna.event.>", tick, parallel=20, ack_wait=0.1)
    for copy in (bus, other):
        await copy.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", reports, ack_wait=0.5)
    await bus.publish(a_run())
    await bus.publish(an_event())
    await done.wait()
    assert attempts.items == [1]


async def test_work_that_blocks_the_event_loop_is_not_given_to_somebody_else_nor_is_what_is_done_beside_it(
    bus: Bus, other: Bus
) -> None:
    attempts, begun, blocked, done = Collector[str](), asyncio.Event(), asyncio.Event(), Collector[bytes]()

    async def work(delivery: Delivery) -> None:
        attempts(f"{delivery.body.decode()} {delivery.attempt}")
        if delivery.body == b"blocks":
            await begun.wait()
            threading.Event().wait(1)  # blocks the event loop, which is what this is about
            blocked.set()
        else:
            begun.set()
            await blocked.wait()
        done(delivery.body)

    for copy in (bus, other):
        await copy.subscribe("RUNS", "slow", "reyna.run.slow.>", work, parallel=2, ack_wait=0.3, keep_alive=True)
    await bus.publish(a_run("slow", b"blocks"))
    await bus.publish(a_run("slow", b"waits"))
    await done.first(2)
    await bus.publish(a_run("slow", b"waits"))
    await done.first(3)
    assert sorted(attempts.items) == ["blocks 1", "waits 1", "waits 1"]


async def test_what_is_told_again_and_again_is_told_until_it_is_stopped(bus: Bus, other: Bus) -> None:
    heard = Collector[ReceivedMessage]()
    await other.listen("reyna.beat.>", heard)
    numbers = count(1)
    telling = await bus.publish_periodically(0.01, "reyna.beat.slow", lambda: str(next(numbers)).encode())
    assert [one.body for one in await heard.first(3)] == [b"1", b"2", b"3"]
    await telling.stop()
    told = next(numbers)
    await bus.publish_ephemeral("reyna.beat.end", b"end")
    assert (await heard.first(told))[-1].body == b"end"


async def test_stopping_lets_the_work_in_hand_finish_and_leaves_the_rest(bus: Bus, other: Bus) -> None:
    begun, release, finished = Collector[bytes](), asyncio.Event(), Collector[bytes]()

    async def slow(delivery: Delivery) -> None:
        begun(delivery.body)
        await release.wait()
        finished(delivery.body)

    async def quick(delivery: Delivery) -> None:
        finished(delivery.body)

    subscription = await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", slow)
    await bus.publish(a_run(body=b"in hand"))
    await bus.publish(a_run(body=b"the rest"))
    await begun.first(1)
    stopping = asyncio.create_task(subscription.stop())
    release.set()
    await stopping
    assert finished.items == [b"in hand"]
    await other.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", quick)
    assert await finished.first(2) == [b"in hand", b"the rest"]


async def test_a_durable_name_remembers_its_place(bus: Bus, other: Bus) -> None:
    handled = Collector[bytes]()

    async def handle(delivery: Delivery) -> None:
        handled(delivery.body)

    first = await bus.subscribe("EVENTS", "matching", "reyna.event.>", handle)
    await bus.publish(an_event(body=b"1"))
    await handled.first(1)
    await first.stop()
    await bus.publish(an_event(body=b"2"))
    await other.subscribe("EVENTS", "matching", "reyna.event.>", handle)
    assert await handled.first(2) == [b"1", b"2"]


async def test_what_is_removed_from_a_stream_is_not_there_any_more(bus: Bus) -> None:
    def letter(id: str, user: str = "user-ana") -> Message:
        return Message(id, f"reyna.dead.text-expansion.{user}", id.encode())

    for one in (letter("dead-1"), letter("dead-2"), letter("dead-3", "user-bo"), letter("dead-4")):
        await bus.publish(one)
    await bus.remove("DEAD", "reyna.dead.text-expansion.user-ana", "dead-2")
    for nowhere in ("dead-2", "dead-3", "dead-9"):
        await bus.remove("DEAD", "reyna.dead.text-expansion.user-ana", nowhere)
    left = Collector[bytes]()

    async def read(delivery: Delivery) -> None:
        left(delivery.body)

    await bus.subscribe("DEAD", "reader", "reyna.dead.>", read)
    assert await left.first(3) == [b"dead-1", b"dead-3", b"dead-4"]


async def test_one_name_for_two_subjects_is_refused(bus: Bus) -> None:
    async def handle(delivery: Delivery) -> None: ...

    await bus.subscribe("EVENTS", "matching", "reyna.event.>", handle)
    with pytest.raises(Fault, match="matching"):
        await bus.subscribe("EVENTS", "matching", "reyna.event.user-ana.>", handle)


async def test_two_names_cannot_take_the_same_work(bus: Bus) -> None:
    async def handle(delivery: Delivery) -> None: ...

    await bus.subscribe("RUNS", "text-expansion", "reyna.run.text-expansion.>", handle)
    with pytest.raises(Fault):
        await bus.subscribe("RUNS", "somebody-else", "reyna.run.text-expansion.>", handle)


async def test_a_bus_that_is_there_says_so(bus: Bus) -> None:
    await bus.check()
