"""The origins of the paragraphs of an accepted text: a person, a model or an import, and from which blob."""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from reyna.domain.blob import AuthorKind
from reyna.domain.caller import Caller
from reyna.domain.text.paragraphs import split_paragraphs

ACCEPTED_SCHEMA: Final = "edited-text-v1"
MAX_TRACED_PARAGRAPHS: Final = 5_000  # of one text; the paragraphs of a longer one have no origins
MAX_QUOTED_CHARACTERS: Final = 300_000  # of a text whose paragraphs are repeated beside their origins
Origin = dict[str, Any]
"""The `from` of a paragraph, as the schema `edited-text-v1` describes it."""
KINDS: Final[dict[AuthorKind, str]] = {"processor": "model", "import": "import"}


def kind_of(author: AuthorKind) -> str:
    """Returns the kind of origin of what such an author wrote."""
    return KINDS.get(author, "person")


def origin_of_caller(caller: Caller) -> Origin:
    """Returns the origin of what this caller writes into a text."""
    origin = {"kind": "person", "at": timestamp()}
    if caller.kind == "import":
        return origin | {"kind": "import"}
    if caller.kind == "processor":
        return origin | {"kind": "model", "processor": caller.processor_id or ""}
    return origin


def timestamp() -> str:
    return format_time(datetime.now(UTC))


def format_time(time: datetime) -> str:
    """Returns the time in UTC; later ones sort behind earlier ones."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def origins_in(data: Any) -> list[Origin] | None:
    """Returns the origin of each paragraph of the content, in order; None where they are not known of all."""
    if not isinstance(data, dict) or not isinstance(data.get("content"), str):
        return None
    listed = data.get("paragraphs")
    if not isinstance(listed, list) or len(listed) != len(split_paragraphs(data["content"])):
        return None
    return [entry["from"] for entry in listed]


def with_origins(data: dict[str, Any], content: str, origins: Sequence[Origin]) -> dict[str, Any]:
    """Returns the data with this content and the origin of each of its paragraphs."""
    changed = {**data, "content": content}
    changed.pop("paragraphs", None)
    if len(origins) > MAX_TRACED_PARAGRAPHS:
        return changed
    quoted = len(content) <= MAX_QUOTED_CHARACTERS
    listed = [
        ({"text": text} if quoted else {}) | {"from": origin}
        for text, origin in zip(split_paragraphs(content), origins, strict=True)
    ]
    return changed | {"paragraphs": listed}


def attribute_change(before: Any, after: Any, newcomer: Origin) -> Any:
    """Returns the data after a change of an accepted text, with the origins of its paragraphs.

    A paragraph that was there before keeps its origin, wherever it stands now; any other one has that of the newcomer.
    `after` is returned as it is where no origins are known of the text before, or where it has no content.
    """
    known = origins_in(before)
    if known is None or not isinstance(after, dict) or not isinstance(after.get("content"), str):
        return after
    earlier, present = split_paragraphs(before["content"]), split_paragraphs(after["content"])
    return with_origins(after, after["content"], carry_origins(earlier, known, present, newcomer))


def carry_origins(
    earlier: Sequence[str], known: Sequence[Origin], present: Sequence[str], newcomer: Origin
) -> list[Origin]:
    """Returns the origin of each present paragraph: that of the same paragraph earlier, or that of the newcomer."""
    start = 0
    while start < min(len(earlier), len(present)) and earlier[start] == present[start]:
        start += 1
    end = 0
    while end < min(len(earlier), len(present)) - start and earlier[-1 - end] == present[-1 - end]:
        end += 1
    between: dict[str, deque[Origin]] = defaultdict(deque)
    for text, origin in zip(earlier[start : len(earlier) - end], known[start : len(known) - end], strict=True):
        between[text].append(origin)
    middle = [
        between[text].popleft() if between.get(text) else newcomer for text in present[start : len(present) - end]
    ]
    return [*known[:start], *middle, *known[len(known) - end :]]
