"""Prints differences between schemas, and stored blobs that do not fit."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from reyna.cli.terminal import print_line
from reyna.domain.text.clusters import truncate
from reyna.services.schemas.compatibility.difference import Difference
from reyna.services.schemas.dry_run.reports import Stored, Upgraded

MAX_DOCUMENT_CHARACTERS: Final = 200


def print_differences(differences: Sequence[Difference]) -> None:
    """Prints the differences: red where new readers of old data break, yellow where only old readers do."""
    for each in differences:
        breaking = "backward" in each.breaks
        colour = "red" if breaking else "yellow" if each.breaks else "dim"
        word = f"breaks {' and '.join(each.breaks)}" if each.breaks else "breaks nothing"
        since = f" since {each.version}" if each.version else ""
        print_line((f"{word}{since}", colour), f"  {each.path or '/'}  {each.message}")
        if each.counterexample is not msgspec.UNSET:
            print_line(f"    for example {_shorten(each.counterexample)}")
        if each.breaks and each.hint:
            print_line(f"    {each.hint}")


def print_stored_failures(stored: Stored | Upgraded | None, what: str) -> None:
    """Prints how many stored blobs fail and the first few, each with what an upgrade makes of it."""
    if stored is None or not stored.checked:
        return
    some = " of the newest" if stored.sampled else ""
    print_line(f"{stored.failing} of {stored.checked}{some} stored blobs {what}.")
    for example in stored.examples:
        error = example.errors[0]
        print_line(f"  {example.blob_id} ({example.schema_version}): {error.path} {error.message}")
        for word in ("before", "after"):
            if (data := getattr(example, word, msgspec.UNSET)) is not msgspec.UNSET:
                print_line(f"    {word} {_shorten(data)}")


def _shorten(data: Any) -> str:
    shown = msgspec.json.encode(data).decode()
    return shown if len(shown) <= MAX_DOCUMENT_CHARACTERS else truncate(shown, MAX_DOCUMENT_CHARACTERS) + "…"
