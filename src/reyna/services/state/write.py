"""Steps and messages of one write, built by one part and written by another."""

import msgspec

from reyna.domain.event import Message
from reyna.ports.store import Step


class Write(msgspec.Struct, frozen=True):
    """Steps and messages of one write; `blob_ids` are the blobs that it restores."""

    steps: list[Step]
    messages: list[Message]
    blob_ids: tuple[str, ...] = ()
