"""The insertion of accepted paragraphs into a text: each takes the place of the paragraph that it is a version of."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from reyna.domain.text.paragraphs import paragraph_spans
from reyna.services.state.acceptance.alignment import align_paragraphs
from reyna.services.state.acceptance.origins import Origin

OLD: Final = -1  # in a row: the old paragraph itself


class TracedText(NamedTuple):
    """A text with the origin of each of its paragraphs."""

    content: str
    origins: list[Origin]


def insert_paragraphs(
    text: TracedText, derived: TracedText, indexes: Sequence[int], is_kept: Callable[[Origin], bool]
) -> TracedText:
    """Returns the text with these paragraphs of the derived text, by their indexes.

    Each takes the place of the paragraph that it is a version of. It stands behind it when that is to be kept, and
    where there is none behind the version of the paragraph before it.
    """
    spans, offered = paragraph_spans(text.content), paragraph_spans(derived.content)
    old = [text.content[start:end] for start, end in spans]
    new = [derived.content[start:end] for start, end in offered]
    aligned = align_paragraphs(old, new)
    in_place: dict[int, int] = {}
    behind: dict[int, list[int]] = defaultdict(list)
    for index in sorted(indexes):
        place = aligned.get(index)
        if place is not None and not (old[place] != new[index] and is_kept(text.origins[place])):
            in_place[place] = index
        else:
            behind[_place_before(aligned, index, len(old))].append(index)
    rows = [_row(place, in_place, behind) for place in range(-1, len(old))]
    content = _write(text.content, spans, rows, new)
    origins = [
        derived.origins[index] if index >= 0 else text.origins[place]
        for place, row in enumerate(rows, start=-1)
        for index in row
    ]
    return TracedText(content, origins)


def _place_before(aligned: dict[int, int], index: int, end: int) -> int:
    """Returns the old paragraph behind which an inserted one stands; -1 for the front."""
    before = [aligned[earlier] for earlier in range(index, -1, -1) if earlier in aligned]
    if before:
        return before[0]
    following = [place for later, place in aligned.items() if later > index]
    return min(following) - 1 if following else end - 1


def _row(place: int, in_place: dict[int, int], behind: dict[int, list[int]]) -> list[int]:
    """Returns what stands at the place of an old paragraph: itself or the one in its place, and those behind it."""
    return [*([in_place.get(place, OLD)] if place >= 0 else []), *behind.get(place, [])]


def _write(content: str, spans: list[tuple[int, int]], rows: list[list[int]], new: list[str]) -> str:
    """Returns the content with what is between the old paragraphs as it was."""
    front = "\n\n".join(new[index] for index in rows[0])
    if not spans:
        return front or content
    pieces = [content[: spans[0][0]], front, "\n\n" if front else ""]
    for (start, end), row, (following, _) in zip(
        spans, rows[1:], [*spans[1:], (len(content), len(content))], strict=True
    ):
        pieces.append("\n\n".join(content[start:end] if index == OLD else new[index] for index in row))
        pieces.append(content[end:following])
    return "".join(pieces)
