"""JSON Patch (RFC 6902): operations, one after the other, on a copy of a document."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonpatch
import jsonpointer
import msgspec

from reyna.domain.data import BLOB_BYTES, DEPTH, encoded
from reyna.domain.errors import Invalid, TooLarge

MOST_OPERATIONS: Final = 1_000
# Bytes of JSON that the operations together may bring in, copy and move. A few lines that copy the document into
# itself double it with each line; this stops them long before it is large, and with it the time they take.
MOST_HANDLED: Final = 4 * BLOB_BYTES
OPERATIONS: Final = ("add", "remove", "replace", "move", "copy", "test")
LONGEST: Final = 200  # characters of what went wrong, which may quote the data


def patched(data: Any, patch: Sequence[Mapping[str, Any]]) -> Any:
    """The data with all operations applied; neither argument is changed.

    Raises Invalid, with the operation's place `/json_patch/<number>` as path, for the first one that is malformed or
    cannot be done, a `test` that fails among them; TooLarge when the operations handle more than 16 MiB; and what
    `domain.data.encoded` refuses, when that is what comes out.
    """
    if len(patch) > MOST_OPERATIONS:
        raise Invalid.at("/json_patch", "has too many operations", expected=f"at most {MOST_OPERATIONS}")
    body = encoded(data)
    document, handled = msgspec.json.decode(body), 0
    for number, operation in enumerate(patch):
        at = f"json_patch/{number}"
        _check(operation, at)
        try:
            handled += len(encoded(_handled(document, operation), field=f"{at}/value"))
            if handled > MOST_HANDLED:
                raise TooLarge(f"{at}: the operations copy more than {MOST_HANDLED:,} bytes.", allowed=MOST_HANDLED)
            document = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
        except jsonpatch.JsonPatchTestFailed as error:
            raise Invalid.at(f"/{at}", "the test failed: something else is there") from error
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
            raise Invalid.at(f"/{at}", str(error)[:LONGEST]) from error
    encoded(document)
    return document


def _check(operation: Mapping[str, Any], at: str) -> None:
    if operation.get("op") not in OPERATIONS:  # others are no part of the RFC
        raise Invalid.at(f"/{at}/op", "is no operation", expected=", ".join(OPERATIONS))
    needed = ("path", "from") if operation["op"] in ("move", "copy") else ("path",)
    for name in needed:
        place = operation.get(name)
        if not isinstance(place, str):
            raise Invalid.at(f"/{at}/{name}", "must be a JSON Pointer", expected="text such as /content")
        if place.count("/") > DEPTH:
            raise Invalid.at(f"/{at}/{name}", f"leads deeper than {DEPTH}", expected=f"at most {DEPTH} levels")
    if operation["op"] in ("add", "replace", "test") and "value" not in operation:
        raise Invalid.at(f"/{at}/value", "is required")


def _handled(document: Any, operation: Mapping[str, Any]) -> Any:
    """What an operation puts somewhere. With it checked, no document on the way is nested deeper than twice DEPTH."""
    if operation["op"] in ("move", "copy"):
        found = jsonpointer.resolve_pointer(document, operation["from"])
        if isinstance(found, jsonpointer.EndOfList):
            raise jsonpointer.JsonPointerException("nothing stands behind the end of a list")
        return found
    return operation.get("value")
