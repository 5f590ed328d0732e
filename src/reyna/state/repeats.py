"""Requests that may come twice because their answer was lost: the second is answered with what the first one made."""

from datetime import UTC, datetime
from typing import Any, Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Invalid
from reyna.ports import Put, Store
from reyna.state.records import REQUESTS, Request

KEY_LENGTH: Final = 200
USED: Final = "This Idempotency-Key was used for something else."


def remembered(caller: Caller, key: str | None, made_id: str, *, answer: Any = None) -> list[Put]:
    """The step, in the write that makes something, which fails when this key made something before.

    Raises Invalid for a key that is empty, too long, or not printable ASCII.
    """
    if key is None:
        return []
    if not 1 <= len(key) <= KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise Invalid.at("/Idempotency-Key", "cannot be used", expected=f"1 to {KEY_LENGTH} printable ASCII characters")
    request = Request(id=key, user_id=caller.user_id, made_id=made_id, answer=answer, created_at=datetime.now(UTC))
    return [Put(REQUESTS, request)]


async def made_before(store: Store, caller: Caller, key: str | None, kind: str) -> str | None:
    """The id of what this key made, if it did. Raises Conflict when that was something of another kind."""
    if key is None:
        return None
    request = await store.get(REQUESTS, caller.user_id, key)
    if request is not None and not request.made_id.startswith(f"{kind}-"):
        raise Conflict(USED)
    return request.made_id if request else None
