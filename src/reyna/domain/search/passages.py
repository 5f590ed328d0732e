"""Passages: the pieces of a text whose meaning is compared, each with a vector of its own."""

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from reyna.domain.search.entry import Candidate

MAX_PASSAGE_CHARACTERS: Final = 1_400  # about 250 words, which the usual models read as a whole
MIN_PASSAGE_SHARE: Final = 0.6  # of that, where a passage may end before its room does
BREAKS: Final = ("\n\n", "\n", ". ", "。", "! ", "? ", " ")  # where passages end, the best first
RANK_OFFSET: Final = 60  # of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009)


class PassageVector(msgspec.Struct, frozen=True):
    """A piece of the text of an entry, from `start` to `end` in code points, and its vector."""

    start: int
    end: int
    vector: tuple[float, ...]


class NearPassage(msgspec.Struct, frozen=True, kw_only=True):
    """The passage of an entry that is nearest to a query; `similarity` is the cosine of the angle between them."""

    candidate: Candidate
    start: int
    end: int
    similarity: float


class WaitingEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that waits for its vectors; `version` tells it from what it becomes when its text changes meanwhile."""

    user_id: str
    id: str
    version: int
    title: str
    text: str


def split_into_passages(text: str) -> Iterator[tuple[int, int]]:
    """Yields the starts and ends of the passages of a text; they end where paragraphs, sentences or words do."""
    start = 0
    while start < len(text):
        end = _end_of_passage(text, start)
        if text[start:end].strip():
            yield start, end
        start = end


def fuse(found: Sequence[Candidate], near: Sequence[Candidate]) -> list[Candidate]:
    """Returns the candidates of both rankings, best first, by reciprocal rank fusion."""
    scores: dict[str, float] = {}
    merged: dict[str, Candidate] = {}
    for ranking in (found, near):
        for rank, candidate in enumerate(ranking, 1):
            scores[candidate.id] = scores.get(candidate.id, 0.0) + 1 / (RANK_OFFSET + rank)
            before = merged.get(candidate.id)
            found_by = candidate.found_by if before is None else (*before.found_by, *candidate.found_by)
            merged[candidate.id] = msgspec.structs.replace(before or candidate, found_by=found_by)
    scored = (msgspec.structs.replace(candidate, score=scores[id]) for id, candidate in merged.items())
    return sorted(scored, key=lambda candidate: (-candidate.score, candidate.id))


def _end_of_passage(text: str, start: int) -> int:
    room = start + MAX_PASSAGE_CHARACTERS
    if len(text) <= room:
        return len(text)
    least = start + int(MAX_PASSAGE_CHARACTERS * MIN_PASSAGE_SHARE)
    for mark in BREAKS:
        if (at := text.rfind(mark, least, room)) >= 0:
            return at + len(mark)
    return room
