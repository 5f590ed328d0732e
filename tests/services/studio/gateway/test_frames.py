"""The frames of events, as the connection that caused them and all others receive them."""

from typing import Any

import msgspec
import pytest

from reyna.ports.bus import ReceivedMessage
from reyna.services.studio.gateway.frames import Frame, build_frame, encode, origin_of

BODY = {"type": "blob.created", "blob_id": "blob-1", "cursor": "epoch-7"}


@pytest.mark.parametrize("request_id", ["1", "", 'a "quoted" \\ one', "ß🚢", "colon:ed", 0, -7, 2**53])
def test_only_the_connection_that_caused_an_event_gets_its_request_id(request_id: Any) -> None:
    connection, _, encoded = origin_of("socket-a", request_id).partition(":")
    frame = Frame("blob.created", BODY, encode(BODY).decode(), (connection, encoded.encode()), (), 7)
    assert msgspec.json.decode(frame.for_connection("socket-a")) == BODY | {"origin": request_id}
    assert msgspec.json.decode(frame.for_connection("socket-b")) == BODY


def test_a_progress_report_is_of_the_processor_of_its_subject() -> None:
    body = msgspec.json.encode({"run_id": "run-1", "processor": "another", "progress": 0.5})
    message = ReceivedMessage("reyna.live.user-ana.processor.progress.shouting", body)
    assert build_frame(message, "epoch").body["processor"] == "shouting"


def test_progress_of_something_else_is_passed_on_as_it_is() -> None:
    message = ReceivedMessage("reyna.live.user-ana.upgrade.progress", msgspec.json.encode({"done": 3}))
    assert build_frame(message, "epoch").body == {"done": 3, "type": "upgrade.progress"}
