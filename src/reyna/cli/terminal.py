"""Printing to the terminal: the text of users is printed as it is, never read as markup, emoji or control codes."""

import os
import re
import sys
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

OUT: Final = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
ERR: Final = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)
Part: TypeAlias = str | tuple[str, str]
"""A text, or a text and the style that it is printed in (`("compatible", "green")`)."""
# Steer a terminal: C0 and C1 controls but line feed and tab, and what turns the direction of a line (Unicode, UAX #9)
STEERING: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def print_line(*parts: Part, to: Console = OUT) -> None:
    """Prints one line that is put together from these parts."""
    to.print(line_of(*parts))


def line_of(*parts: Part) -> Text:
    """Returns the parts as one text."""
    return Text.assemble(
        *(printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts)
    )


def add_row(table: Table, *cells: Part) -> None:
    """Adds a row whose cells are printed as they are."""
    table.add_row(*(line_of(cell) for cell in cells))


def printable(text: str) -> str:
    """Returns the text with each character that steers a terminal written as its code point."""
    return STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def quantity(number: int, noun: str, plural: str | None = None) -> str:
    """Returns a number with its noun: `1 line`, `2,000 lines`; `plural` is the noun with an s when not given."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def announce(*parts: Part, log_format: str) -> None:
    """Prints a line about a long-running command itself, such as its address.

    Where the log is JSON and goes to the same place as the output, the line is JSON too.
    """
    if not (log_format == "json" or (log_format == "auto" and not sys.stderr.isatty())) or not _share_one_file():
        return print_line(*parts)
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {"event": line_of(*parts).plain.strip(), "level": "info", "logger": "reyna.cli", "timestamp": now}
    OUT.print(msgspec.json.encode(line).decode())
    return None


def _share_one_file() -> bool:
    try:
        output, errors = os.fstat(sys.stdout.fileno()), os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):  # an output that is no file, or closed
        return False
    return (output.st_dev, output.st_ino) == (errors.st_dev, errors.st_ino)
