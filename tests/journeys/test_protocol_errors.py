"""Wrong messages of a device: the answer says what to correct, and the connection stays."""

import socket
from contextlib import suppress

import msgspec
import pytest
from nats.aio.client import Client

from tests.journeys.people import ConnectionLost, Device, Person

TOO_SLOW, TOO_LARGE = 4008, 4009
MEBIBYTE = 1024 * 1024
TOO_DEEP = "nesting so deep that nobody can read it"
CREATE = '"action":"create_blob","schema_id":"text-input-v1"'

# what is said, and the place that the answer must name (None: the whole message); of data that does not fit its schema
# it is the place in the data
FAULTY = {
    "no JSON": ("{", None),
    "nothing": ("", None),
    "JSON after JSON": ('{"action":"ping"} {"action":"ping"}', None),
    "no object": ('["ping"]', ""),
    "no action": ("{}", "/action"),
    "an unknown action": ('{"action":"dance","request_id":"r"}', "/action"),
    "an action that is no text": ('{"action":5}', "/action"),
    "a field that is missing": ('{"action":"trash_blob","request_id":"r"}', "/blob_id"),
    "a field that is not known": ('{"action":"ping","request_id":"r","loudly":true}', "/loudly"),
    "a field of another type": ('{"action":"trash_blob","request_id":"r","blob_id":5}', "/blob_id"),
    "a revision that is no number": (
        '{"action":"update_blob","request_id":"r","blob_id":"blob-1","data":{},"base_revision":"1"}',
        "/base_revision",
    ),
    "an element of another type": (f'{{{CREATE},"request_id":"r","data":{{}},"bucket_ids":["a",2]}}', "/bucket_ids/1"),
    "data that does not fit": (f'{{{CREATE},"request_id":"r","data":{{"content":5}}}}', "/data/content"),
    "data with something too much": (f'{{{CREATE},"request_id":"r","data":{{"content":"","mood":1}}}}', "/data"),
    "U+0000": (f'{{{CREATE},"request_id":"r","data":{{"content":"a\\u0000b"}}}}', "/data/content"),
    "half a character": (f'{{{CREATE},"request_id":"r","data":{{"content":"\\ud800"}}}}', None),
    "no number": (f'{{{CREATE},"request_id":"r","data":{{"content":NaN}}}}', None),
    "a schema that is not there": (
        '{"action":"create_blob","request_id":"r","schema_id":"no-such-v1","data":{}}',
        "/schema_id",
    ),
    TOO_DEEP: (f'{{{CREATE},"request_id":"r","data":{"[" * 100_000}{"]" * 100_000}}}', None),
    "a cursor that is no text": ('{"action":"resume","request_id":"r","cursor":7}', "/cursor"),
    "signing in twice": ('{"action":"authenticate","request_id":"r","token":"t"}', None),
}


async def is_still_there(device: Device, person: Person) -> None:
    note = await device.write_note("still here")
    await device.wait_for("blob.created", blob_id=note["id"])
    assert (await person.get(f"/blobs/{note['id']}"))["data"] == {"content": "still here"}


@pytest.mark.parametrize("what", FAULTY)
async def test_what_i_say_wrong_is_answered_and_the_line_stays(ana: Person, what: str) -> None:
    output, field = FAULTY[what]
    device = await ana.device()
    await device.send_text(output)
    answer = await device.wait_for("error")
    assert (answer["code"], answer["request_id"]) == ("invalid", "r" if '"r"' in output and what != TOO_DEEP else None)
    assert answer["detail"]
    if field is not None:
        assert field in [error["path"] for error in answer["errors"]]
    await is_still_there(device, ana)


async def test_bytes_that_are_no_text_are_answered_and_the_line_stays(ana: Person) -> None:
    device = await ana.device()
    await device.send_text(b"\xff\xfe{}")
    assert (await device.wait_for("error"))["code"] == "invalid"
    await is_still_there(device, ana)


async def test_what_is_not_there_is_answered_with_its_request(ana: Person) -> None:
    device = await ana.device()
    answer = await device.request("trash_blob", blob_id="blob-00000000000000000000000000")
    assert (answer["type"], answer["code"]) == ("error", "not_found")
    await is_still_there(device, ana)


async def test_a_blob_that_is_too_large_is_refused_and_the_line_stays(ana: Person) -> None:
    device = await ana.device()
    answer = await device.request("create_blob", schema_id="text-input-v1", data={"content": "x" * (5 * MEBIBYTE)})
    assert (answer["type"], answer["code"], answer["reason"]) == ("error", "too_much", "too_large")
    await is_still_there(device, ana)


@pytest.mark.parametrize("size", [9 * MEBIBYTE, 17 * MEBIBYTE])
async def test_a_message_that_is_too_large_closes_the_line_and_a_new_one_opens(ana: Person, size: int) -> None:
    device = await ana.device()
    with suppress(ConnectionLost):  # the line may be closed before everything is said
        await device.send_text(msgspec.json.encode({"action": "ping", "padding": "x" * size}).decode())
    assert await device.wait_closed() == TOO_LARGE
    await is_still_there(await ana.device(), ana)


async def test_a_thousand_requests_at_once_are_answered_each_with_its_own(ana: Person) -> None:
    device = await ana.device()
    for number in range(1000):
        await device.send_text(f'{{"action":"ping","request_id":{number}}}')
    answered = [(await device.wait_for("ok"))["request_id"] for _ in range(1000)]
    assert answered == list(range(1000))


def progress(number: int, text: str) -> bytes:
    report = {"run_id": "run-1", "processor": "poet", "blob_id": "blob-1", "progress": number, "text": text}
    return msgspec.json.encode(report)


async def test_a_thousand_things_at_once_do_not_make_a_device_slow(ana: Person, nats_client: Client) -> None:
    device = await ana.device()
    for number in range(1000):
        await nats_client.publish(f"reyna.live.{ana.id}.processor.progress.poet", progress(number, "a verse"))
    heard = await device.receive_until(lambda frame: frame.get("progress") == 999)
    assert [frame["progress"] for frame in heard] == list(range(1000))


async def test_a_device_that_does_not_read_is_closed_and_misses_nothing_when_it_comes_back(
    ana: Person, nats_client: Client
) -> None:
    slow, quick = await ana.device(), await ana.device()
    slow.connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    slow.connection.transport.pause_reading()
    missed = await quick.write_note("while the other one slept")
    for number in range(300):  # more than the line itself and what is kept for it can hold
        text = "verse " * (100_000 if number < 40 else 1)
        await nats_client.publish(f"reyna.live.{ana.id}.processor.progress.poet", progress(number, text))
        await quick.wait_for("processor.progress", progress=number)
    slow.connection.transport.resume_reading()
    assert await slow.wait_closed() == TOO_SLOW
    back = await ana.device()
    await back.request("resume", cursor=slow.hello["cursor"])
    await back.wait_for("blob.created", blob_id=missed["id"])
