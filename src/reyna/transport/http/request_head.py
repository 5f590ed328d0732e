"""The head of a request: the headers that this package reads, and checks of headers and URL."""

from collections.abc import Iterable
from typing import Final, TypeAlias
from urllib.parse import unquote_to_bytes

from reyna.domain.errors import Malformed, NotFound

Head: TypeAlias = dict[bytes, bytes]

SINGLE_HEADERS: Final = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"cookie",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"origin",
        b"sec-fetch-mode",
        b"sec-fetch-site",
        b"x-reyna-csrf",
        b"x-reyna-user",
    }
)
NOTHING_THERE: Final = "There is nothing under this address."
READ_HEADERS: Final = SINGLE_HEADERS | {b"transfer-encoding"}


def read_head(headers: Iterable[tuple[bytes, bytes]]) -> Head:
    """Returns the headers that this package reads, by their names in lower case. Raises Malformed when one of them that
    may be sent only once is there twice."""
    head: Head = {}
    for name, value in headers:
        if name in READ_HEADERS:
            if name in head and name in SINGLE_HEADERS:
                raise Malformed(f"The header {name.decode()} may be sent only once.", header=name.decode())
            head[name] = value
    return head


def check_address(path: str, raw_path: bytes, query: bytes) -> None:
    """Raises NotFound for a path that no route can have: with U+0000, with `..`, or not UTF-8 after percent-decoding.
    Raises Malformed for such a query."""
    if "\0" in path or (b"%" in raw_path and not _is_utf8(raw_path)):
        raise NotFound(NOTHING_THERE)
    if ".." in path and ".." in path.replace("\\", "/").split("/"):
        raise NotFound(NOTHING_THERE)
    if b"%" in query and (b"%00" in query or not _is_utf8(query)):
        raise Malformed("The query is not UTF-8, or holds U+0000.")


def _is_utf8(part: bytes) -> bool:
    try:
        unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        return False
    return True
