"""Filters of event types: one pattern language for `GET /events` and the WebSocket."""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.text.clusters import truncate

MAX_PATTERNS: Final = 100
SLUG: Final = re.compile("[a-z0-9]+(-[a-z0-9]+)*")
EXPECTED: Final = "such as *, blob.*, blob.created or blob.created.text-input-v1"

SCHEMA_TYPES: Final = frozenset(  # the id of the schema follows: `blob.created.text-input-v1`
    f"blob.{action}" for action in ("created", "updated", "trashed", "restored", "purged", "named")
)
PROCESSOR_TYPES: Final = frozenset(  # the id of the processor follows
    f"processor.{action}"
    for action in ("requested", "started", "completed", "refused", "failed", "cancelled", "discarded", "progress")
)
PLAIN_TYPES: Final = frozenset(
    {f"bucket.{action}" for action in ("created", "updated", "moved", "trashed", "restored", "purged")}
    | {f"bucket.blob.{action}" for action in ("added", "removed", "moved")}
    | {f"task.{action}" for action in ("requested", "completed", "failed")}
    | {f"upgrade.{action}" for action in ("requested", "completed", "failed", "cancelled", "progress")}
    | {f"batch.{action}" for action in ("requested", "completed", "failed", "cancelled")}
    | {
        "file.created",
        "file.purged",
        "instance.changed",
        "key.changed",
        "model.changed",
        "pipeline.changed",
        "processor.registered",
        "processor.removed",
        "quota.exceeded",
        "schema.registered",
        "schema.updated",
        "spending-cap.changed",
        "template.created",
        "template.deleted",
        "user.updated",
        "webhook.changed",
        "webhook.disabled",
        "webhook.test",
    }
)
SUFFIXED_TYPES: Final = SCHEMA_TYPES | PROCESSOR_TYPES
TYPES: Final = SUFFIXED_TYPES | PLAIN_TYPES


class TypeFilter(msgspec.Struct, frozen=True):
    """Whole types (`blob.created.text-input-v1`), and prefixes of types."""

    exact: frozenset[str]
    prefixes: tuple[str, ...]

    def matches(self, type: str) -> bool:
        return type in self.exact or type.startswith(self.prefixes)

    def subject(self) -> str:
        """Returns the narrowest NATS subject, behind the user, that covers all of these types."""
        if len(self.exact) == 1 and not self.prefixes:
            return next(iter(self.exact))
        if len(self.prefixes) == 1 and not self.exact:
            return f"{self.prefixes[0]}>"
        return ">"


def parse_type_filter(patterns: Sequence[str], path: str) -> TypeFilter:
    """Parses patterns: `*`; `blob.*`; `blob.created`, whatever its schema; `blob.created.text-input-v1`.

    Raises Invalid, naming `path`, for a pattern that no event can match.
    """
    if len(patterns) > MAX_PATTERNS:
        raise Invalid.at(path, f"has more than {MAX_PATTERNS} patterns", expected=f"at most {MAX_PATTERNS}")
    exact: set[str] = set()
    prefixes: set[str] = set()
    for pattern in patterns:
        kind, _, last = pattern.rpartition(".")
        if pattern == "*":
            prefixes.add("")
        elif last == "*" and _is_prefix(kind):
            prefixes.add(f"{kind}.")
        elif pattern in SUFFIXED_TYPES:
            prefixes.add(f"{pattern}.")
        elif pattern in PLAIN_TYPES or (kind in SUFFIXED_TYPES and SLUG.fullmatch(last)):
            exact.add(pattern)
        else:
            raise Invalid.at(path, f"`{truncate(pattern, 100)}` is no type of event", expected=EXPECTED)
    return TypeFilter(frozenset(exact), tuple(sorted(prefixes)))


def parse_type_filter_list(text: str, path: str) -> TypeFilter:
    """Parses one text with commas between the patterns. Raises Invalid, naming `path`."""
    return parse_type_filter([pattern.strip() for pattern in text.split(",")], path)


def _is_prefix(kind: str) -> bool:
    return kind in SUFFIXED_TYPES or any(type.startswith(f"{kind}.") for type in TYPES)
