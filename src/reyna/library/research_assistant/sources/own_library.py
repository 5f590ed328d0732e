"""The user's own library as a source: its blobs are read within a budget and ranked by BM25 in memory, and what is
beyond the budget is found by the search of the studio."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, Final, Protocol

import msgspec

from reyna.domain.text.clusters import shorten
from reyna.library.bucket_reading import read_bucket
from reyna.library.research_assistant.extracts import best_extract
from reyna.library.research_assistant.question import Question
from reyna.library.research_assistant.ranking import TextScores
from reyna.library.research_assistant.sources.found_source import FoundSource, make_source
from reyna.sdk import Blob, Context, Invalid, NotFound

LIBRARY_TITLE: Final = "Your library"
MAX_BLOB_CHARACTERS: Final = 200_000  # of one blob that are read
MAX_CHARACTERS: Final = 12_000_000  # of all blobs
BLOBS_PER_THREAD: Final = 50  # scored at a time, beside the event loop
MAX_EXTRACT_CHARACTERS: Final = 2_000
MAX_NESTING: Final = 20
MAX_HITS_PER_WORD: Final = 50
MAX_SEARCHED_BLOBS: Final = 100
MIN_TEXT_CHARACTERS: Final = 3
LICENCE: Final = "your own"
TEXT_FIELDS: Final = ("content", "expanded")  # before all other texts of a blob
# Results of processors say nothing that is not in what they were made of.
RESULT_SCHEMAS: Final = (
    "research-query-",
    "research-results-",
    "research-source-",
    "codex-proposals-",
    "style-analysis-",
    "compiled-book-",
    "continuity-report-",
)


class LibraryHits(msgspec.Struct, frozen=True):
    """The sources that were found, best first. `examined` counts the blobs that were read in turn; `is_complete` is
    False when there are more than the budget allows, of which only those that a search finds count."""

    sources: list[FoundSource]
    examined: int
    is_complete: bool


class OwnLibrary(Protocol):
    """A search of the user's own library."""

    async def find(self, question: Question, *, limit: int) -> LibraryHits: ...


class WalkedLibrary:
    """Reads blob after blob, of the whole library or of one bucket and all below it, at most `max_blobs`, and searches
    in the others."""

    def __init__(self, context: Context[Any], *, bucket_id: str | None, max_blobs: int) -> None:
        self._context, self._bucket_id, self._max_blobs = context, bucket_id, max_blobs

    async def find(self, question: Question, *, limit: int) -> LibraryHits:
        """Returns the blobs that hold words of the question.

        Raises Refuse and Retry as `read_bucket`.
        """
        scores, kept, seen = TextScores(question.terms), dict[str, Blob](), set[str]()
        characters, is_complete = 0, True
        waiting: list[Blob] = []
        async for blob in self._blobs():
            if blob.id == question.blob_id or blob.schema_id.startswith(RESULT_SCHEMAS):
                continue
            if len(seen) >= self._max_blobs or characters >= MAX_CHARACTERS:
                is_complete = False
                break
            seen.add(blob.id)
            characters += min(blob.size, MAX_BLOB_CHARACTERS)
            waiting.append(blob)
            if len(waiting) >= BLOBS_PER_THREAD:
                await asyncio.to_thread(_score, waiting, scores, kept, limit)
                waiting = []
        if not is_complete:
            waiting += await self._search_beyond(question, seen)
        await asyncio.to_thread(_score, waiting, scores, kept, limit)
        return LibraryHits(await asyncio.to_thread(_best, scores, kept, question, limit), len(seen), is_complete)

    async def _search_beyond(self, question: Question, seen: set[str]) -> list[Blob]:
        """Returns blobs that were not read, and that the search of the studio finds by most words of the question."""
        words_found = Counter[str]()
        for word in question.words:
            try:
                hits = await self._context.search(word, bucket=self._bucket_id, limit=MAX_HITS_PER_WORD)
            except Invalid:  # no word to the search
                continue
            wanted = [hit for hit in hits if hit.kind == "blob" and hit.id not in seen and hit.id != question.blob_id]
            words_found.update(hit.id for hit in wanted if not (hit.schema_id or "").startswith(RESULT_SCHEMAS))
        found: list[Blob] = []
        for id, _ in words_found.most_common(MAX_SEARCHED_BLOBS):
            with suppress(NotFound):  # trashed meanwhile
                found.append(await self._context.blob(id))
        return found

    async def _blobs(self) -> AsyncIterator[Blob]:
        if self._bucket_id is None:
            async for blob in self._context.blobs():
                yield blob
            return
        seen = set[str]()  # a blob may stand in several places
        async for item in read_bucket(self._bucket_id, self._context, kind="blob"):
            if item.blob is not None and item.blob.id not in seen:
                seen.add(item.blob.id)
                yield item.blob


def text_of(data: Any) -> str:
    """Returns all prose of the data of a blob, whatever its schema: its main text first."""
    if not isinstance(data, dict):
        return "\n".join(_texts_in(data, 0))[:MAX_BLOB_CHARACTERS]
    main: list[str] = [data[field] for field in TEXT_FIELDS if isinstance(data.get(field), str)]
    if main:
        return main[-1][:MAX_BLOB_CHARACTERS]
    rest = {name: value for name, value in data.items() if name != "title"}
    return "\n".join(_texts_in(rest, 0))[:MAX_BLOB_CHARACTERS]


def title_of(blob: Blob) -> str:
    """Returns the title of a blob, or the beginning of its text."""
    given = blob.data.get("title") if isinstance(blob.data, dict) else None
    first_line = text_of(blob.data).strip().partition("\n")[0]
    return shorten(given if isinstance(given, str) and given.strip() else first_line, 80) or blob.schema_id


def _texts_in(data: Any, depth: int) -> list[str]:
    match data:
        case str():
            return [data] if len(data) >= MIN_TEXT_CHARACTERS else []
        case dict() if depth < MAX_NESTING:
            return [text for value in data.values() for text in _texts_in(value, depth + 1)]
        case list() if depth < MAX_NESTING:
            return [text for value in data for text in _texts_in(value, depth + 1)]
    return []


def _score(blobs: list[Blob], scores: TextScores, kept: dict[str, Blob], limit: int) -> None:
    """Adds the texts to the scores; of many that fit, only the best are kept."""
    kept.update((blob.id, blob) for blob in blobs if scores.add(blob.id, text_of(blob.data), title_of(blob)))
    if len(kept) > 20 * limit:
        found = scores.scores()
        for weak in sorted(kept, key=found.__getitem__)[: len(kept) - 10 * limit]:
            del kept[weak]


def _best(scores: TextScores, kept: dict[str, Blob], question: Question, limit: int) -> list[FoundSource]:
    """Returns the best as sources. Of a text and what was made of it, only the better one counts."""
    found = scores.scores()
    chosen: list[Blob] = []
    for blob in sorted(kept.values(), key=lambda blob: -found[blob.id]):
        if not any(blob.id == other.parent_id or other.id == blob.parent_id for other in chosen):
            chosen.append(blob)
        if len(chosen) == limit:
            break
    sources = [_source_of(blob, question) for blob in chosen]
    numbered = [source for source in sources if source is not None]
    return [msgspec.structs.replace(source, rank=rank) for rank, source in enumerate(numbered)]


def _source_of(blob: Blob, question: Question) -> FoundSource | None:
    return make_source(
        "library",
        title=title_of(blob),
        text=best_extract(text_of(blob.data), question.terms, MAX_EXTRACT_CHARACTERS),
        published=blob.updated_at.date().isoformat(),
        type="manuscript",
        licence=LICENCE,
        retrieved_at=blob.updated_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        blob_id=blob.id,
        revision=blob.revision,
    )
