"""Parts of a pitch that a person has edited: told apart from those that are as the model drafted them."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from reyna.library.pitch.settings import PART_NAMES, PartName

FINGERPRINT_CHARACTERS: Final = 16


def fingerprint(value: Any) -> str:
    """Returns what stands for the value of a part: another value has another one."""
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()[:FINGERPRINT_CHARACTERS]


def edited_parts(pitch: Mapping[str, Any]) -> set[PartName]:
    """Returns the parts of a pitch that are not as the model drafted them, and those that it never drafted."""
    drafted = {entry["part"]: entry["fingerprint"] for entry in pitch.get("drafted", ())}
    return {name for name in PART_NAMES if name in pitch and drafted.get(name) != fingerprint(pitch[name])}


def parts_to_draft(
    offered: Iterable[PartName], wanted: tuple[PartName, ...], pitch: Mapping[str, Any]
) -> list[PartName]:
    """Returns the parts to draft: the wanted ones, or else all that the variant offers but those that were edited."""
    kept = edited_parts(pitch)
    return [name for name in offered if (name in wanted if wanted else name not in kept)]
