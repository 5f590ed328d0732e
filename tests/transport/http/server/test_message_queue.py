"""The messages of one connection, and the task that waits for them."""

import asyncio

from reyna.transport.http.server.message_queue import MessageQueue


async def test_messages_are_received_in_their_order() -> None:
    queue = MessageQueue(asyncio.get_running_loop())
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    for number in range(3):
        queue.put_nowait(number)
    assert [await waiting, await queue.get(), await queue.get()] == [0, 1, 2]
    assert queue.empty()


async def test_a_message_is_awaited_only_until_the_first_one_came() -> None:
    queue = MessageQueue(asyncio.get_running_loop())
    states = [queue.is_awaited]
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    states.append(queue.is_awaited)
    queue.put_nowait("one")
    states.append(queue.is_awaited)
    assert await waiting == "one"
    assert states == [False, True, False]


async def test_a_reader_that_is_cancelled_as_a_message_comes_leaves_it_to_the_next() -> None:
    queue = MessageQueue(asyncio.get_running_loop())
    waiting = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait("one")
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    assert await queue.get() == "one"
