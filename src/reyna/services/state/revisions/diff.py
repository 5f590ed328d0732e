"""Differences between two revisions: word by word in texts, value by value in everything else."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, Literal

import msgspec

from reyna.domain.json.reading import pointer
from reyna.domain.text.clusters import split_at_words as words_of

MAX_COMPARED_WORD_PAIRS: Final = 4_000_000  # a larger piece is shown as replaced whole


class Piece(msgspec.Struct, frozen=True):
    """Text that both have, that only the older one has, or only the newer one."""

    kind: Literal["same", "removed", "added"]
    text: str


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One place that differs. `path` is the JSON Pointer in the newer data, or in the older one where it was removed;
    `pieces` are there when both are text."""

    path: str
    kind: Literal["added", "removed", "changed"]
    before: Any = msgspec.UNSET
    after: Any = msgspec.UNSET
    pieces: tuple[Piece, ...] | msgspec.UnsetType = msgspec.UNSET


class Diff(msgspec.Struct, frozen=True, kw_only=True):
    """The differences between two revisions of a blob; `differences` is empty when they are the same."""

    blob_id: str
    from_revision: int
    to_revision: int
    differences: tuple[Difference, ...]


def differences(before: Any, after: Any) -> Iterator[Difference]:
    """Yields the differences between two JSON documents, in the order of the newer one."""
    yield from _between(before, after, ())


def _between(before: Any, after: Any, at: tuple[str, ...]) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            yield from _member(before, after, key, (*at, key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _lists(before, after, at)
    elif isinstance(before, str) and isinstance(after, str) and before != after:
        yield Difference(path=pointer(*at), kind="changed", pieces=tuple(words(before, after)))
    elif _json_of(before) != _json_of(after):  # 1, 1.0 and true are equal in Python, and not the same in JSON
        yield Difference(path=pointer(*at), kind="changed", before=before, after=after)


def _member(before: dict[str, Any], after: dict[str, Any], key: str, at: tuple[str, ...]) -> Iterator[Difference]:
    if key not in before:
        yield Difference(path=pointer(*at), kind="added", after=after[key])
    elif key not in after:
        yield Difference(path=pointer(*at), kind="removed", before=before[key])
    else:
        yield from _between(before[key], after[key], at)


def _lists(before: list[Any], after: list[Any], at: tuple[str, ...]) -> Iterator[Difference]:
    for kind, i, i_end, j, j_end in _blocks([*map(_json_of, before)], [*map(_json_of, after)]):
        if kind == "equal":
            continue
        both = min(i_end - i, j_end - j)
        for step in range(both):
            yield from _between(before[i + step], after[j + step], (*at, str(j + step)))
        for place in range(i + both, i_end):
            yield Difference(path=pointer(*at, str(place)), kind="removed", before=before[place])
        for place in range(j + both, j_end):
            yield Difference(path=pointer(*at, str(place)), kind="added", after=after[place])


def words(before: str, after: str) -> list[Piece]:
    """Returns the two texts as one row of pieces: line by line, and word by word in the lines that differ.

    A grapheme, which is one sign to a reader, is never divided.
    """
    pieces: list[tuple[Literal["same", "removed", "added"], str]] = []
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for kind, i, i_end, j, j_end in _blocks(old, new):
        if kind == "equal":
            pieces.append(("same", "".join(old[i:i_end])))
            continue
        pieces += _words("".join(old[i:i_end]), "".join(new[j:j_end]))
    return _joined(pieces)


def _words(before: str, after: str) -> Iterator[tuple[Literal["same", "removed", "added"], str]]:
    old, new = [*words_of(before)], [*words_of(after)]
    for kind, i, i_end, j, j_end in _blocks(old, new):
        if kind == "equal":
            yield "same", "".join(old[i:i_end])
            continue
        yield "removed", "".join(old[i:i_end])
        yield "added", "".join(new[j:j_end])


def _joined(pieces: Sequence[tuple[Literal["same", "removed", "added"], str]]) -> list[Piece]:
    """Returns the pieces without empty ones, and with neighbours of one kind joined."""
    joined: list[Piece] = []
    for kind, text in pieces:
        if text and joined and joined[-1].kind == kind:
            joined[-1] = Piece(kind, joined[-1].text + text)
        elif text:
            joined.append(Piece(kind, text))
    return joined


def _blocks(old: Sequence[Any], new: Sequence[Any]) -> Sequence[tuple[str, int, int, int, int]]:
    """Yields equal and differing stretches; the common beginning and end are found first, which costs nothing."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    i_end, j_end = len(old) - end, len(new) - end
    middle = [("replace", start, i_end, start, j_end)]
    if (i_end - start) * (j_end - start) <= MAX_COMPARED_WORD_PAIRS:
        matcher = SequenceMatcher(None, old[start:i_end], new[start:j_end], autojunk=False)
        middle = [(kind, a + start, b + start, c + start, d + start) for kind, a, b, c, d in matcher.get_opcodes()]
    return [("equal", 0, start, 0, start), *middle, ("equal", i_end, len(old), j_end, len(new))]


def _json_of(value: Any) -> bytes:
    return msgspec.json.encode(value, order="deterministic")
