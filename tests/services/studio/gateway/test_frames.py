"""The frames of events, as the connection that caused them and all others receive them."""

from typing import Any

import msgspec
import pytest

from reyna.services.studio.gateway.frames import Frame, encode, origin_of

BODY = {"type": "blob.created", "blob_id": "blob-1", "cursor": "epoch-7"}


@pytest.mark.parametrize("request_id", ["1", "", 'a "quoted" \\ one', "ß🚢", "colon:ed", 0, -7, 2**53])
def test_only_the_connection_that_caused_an_event_gets_its_request_id(request_id: Any) -> None:
    connection, _, encoded = origin_of("socket-a", request_id).partition(":")
    frame = Frame("blob.created", BODY, encode(BODY).decode(), (connection, encoded.encode()), (), 7)
    assert msgspec.json.decode(frame.for_connection("socket-a")) == BODY | {"origin": request_id}
    assert msgspec.json.decode(frame.for_connection("socket-b")) == BODY
