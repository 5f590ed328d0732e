"""Applies a JSON Patch (RFC 6902) to a copy of a document."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import jsonpatch
import jsonpointer
import msgspec

from reyna.domain.errors import Invalid, TooLarge
from reyna.domain.json.data import MAX_BLOB_BYTES, MAX_DEPTH, encode_json
from reyna.domain.text.clusters import truncate

MAX_PATCH_OPERATIONS: Final = 1_000
# Bytes of JSON that all operations together may insert, copy and move. Each operation that copies the document into
# itself doubles it, so that a few of them would take very long.
MAX_COPIED_BYTES: Final = 4 * MAX_BLOB_BYTES
PATCH_OPERATIONS: Final = ("add", "remove", "replace", "move", "copy", "test")
MAX_ERROR_CHARACTERS: Final = 200  # of an error message, which may quote the data


def apply_json_patch(data: Any, patch: Sequence[Mapping[str, Any]]) -> Any:
    """Returns the data after all operations; the arguments are not changed.

    Raises Invalid, with the path `/json_patch/<number>`, for the first operation that is malformed or fails, such
    as a `test`; TooLarge when the operations copy more than 16 MiB; and what `encode_json` raises for the result.
    """
    if len(patch) > MAX_PATCH_OPERATIONS:
        raise Invalid.at("/json_patch", "has too many operations", expected=f"at most {MAX_PATCH_OPERATIONS}")
    body = encode_json(data)
    document, copied_bytes = msgspec.json.decode(body), 0
    for number, operation in enumerate(patch):
        at = f"json_patch/{number}"
        _check_operation(operation, at)
        try:
            copied_bytes += len(encode_json(_inserted_value(document, operation), field=f"{at}/value"))
            if copied_bytes > MAX_COPIED_BYTES:
                raise TooLarge(
                    f"{at}: the operations copy more than {MAX_COPIED_BYTES:,} bytes.", allowed=MAX_COPIED_BYTES
                )
            document = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
        except jsonpatch.JsonPatchTestFailed as error:
            raise Invalid.at(f"/{at}", "the test failed: something else is there") from error
        except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
            raise Invalid.at(f"/{at}", truncate(str(error), MAX_ERROR_CHARACTERS)) from error
    encode_json(document)
    return document


def _check_operation(operation: Mapping[str, Any], at: str) -> None:
    if operation.get("op") not in PATCH_OPERATIONS:  # the library knows others
        raise Invalid.at(f"/{at}/op", "is no operation", expected=", ".join(PATCH_OPERATIONS))
    needed = ("path", "from") if operation["op"] in ("move", "copy") else ("path",)
    for name in needed:
        place = operation.get(name)
        if not isinstance(place, str):
            raise Invalid.at(f"/{at}/{name}", "must be a JSON Pointer", expected="text such as /content")
        if place.count("/") > MAX_DEPTH:
            raise Invalid.at(f"/{at}/{name}", f"leads deeper than {MAX_DEPTH}", expected=f"at most {MAX_DEPTH} levels")
    if operation["op"] in ("add", "replace", "test") and "value" not in operation:
        raise Invalid.at(f"/{at}/value", "is required")


def _inserted_value(document: Any, operation: Mapping[str, Any]) -> Any:
    """Returns the value that an operation inserts. Checking it keeps every intermediate document within twice
    MAX_DEPTH."""
    if operation["op"] in ("move", "copy"):
        found = jsonpointer.resolve_pointer(document, operation["from"])
        if isinstance(found, jsonpointer.EndOfList):
            raise jsonpointer.JsonPointerException("nothing stands behind the end of a list")
        return found
    return operation.get("value")
