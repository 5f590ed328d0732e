"""The If-Match header (RFC 9110, section 13.1.1): the revisions of a record that a change is meant for."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final, Protocol, TypeAlias

import msgspec
from litestar.params import HeaderParameter

from reyna.domain.requests.precondition import IfMatch
from reyna.transport.http.etags import tag_of

ANY_REVISION: Final = "*"
MAX_REVISION_DIGITS: Final = 18
IfMatchHeader: TypeAlias = Annotated[str | None, HeaderParameter(name="If-Match")]


class HasRevision(Protocol):
    @property
    def revision(self) -> int: ...


async def parse_if_match(
    header: str | None, current: Callable[[], Awaitable[HasRevision]] | None = None
) -> IfMatch | None:
    """Returns the revisions that the header names, by their numbers or by the ETag of the `current` record; None when
    there is no header. Weak tags name none, since they do not stand for exact bytes."""
    if header is None:
        return None
    if header.strip() == ANY_REVISION:
        return IfMatch()
    strong = {tag for part in header.split(",") if (tag := part.strip()) and not tag.startswith("W/")}
    names = {tag.strip('"') for tag in strong}
    revisions = {int(name) for name in names if name.isascii() and name.isdigit() and len(name) <= MAX_REVISION_DIGITS}
    if current is not None and len(revisions) < len(names):
        record = await current()
        if tag_of(msgspec.json.encode(record)) in strong:
            revisions.add(record.revision)
    return IfMatch(tuple(sorted(revisions)))
