"""Search over entries in memory: for tests, and for processors that run without services."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from reyna.domain.search.entry import Candidate, Candidates, Entry, EntryQuery
from reyna.domain.search.query import ParsedQuery, Term
from reyna.domain.search.snippets import Highlights
from reyna.domain.search.spelling import deletions, is_correctable, nearest
from reyna.domain.search.words import words_of

TITLE_SCORE: Final = 10.0  # of a word in a title, as against one in the text
TYPO_SCORE: Final = 0.1


def search_entries(entries: Mapping[str, Entry], query: EntryQuery) -> Candidates:
    """Returns the entries that match the query, best first: by their words as they are, without grammar."""
    accepted = [entry for entry in entries.values() if query.filter.accepts(entry)]
    if query.filter.is_stale is not None:
        accepted = [entry for entry in accepted if _is_stale(entry, entries) == query.filter.is_stale]
    words = {entry.id: (words_of(entry.title), words_of(entry.text)) for entry in entries.values()}
    counts = Counter(word for both in words.values() for word in {*both[0], *both[1]})
    near = {
        word: _near_words(word, counts) for term in query.query.required_terms for word in term.words if not term.quoted
    }
    found = [
        candidate
        for entry in accepted
        if (candidate := _candidate(entry, *words[entry.id], query.query, near)) is not None
    ]
    is_by_time = query.sort == "time" or not query.query.required_terms
    found.sort(key=lambda one: (-one.updated_at.timestamp() if is_by_time else -one.score, one.id))
    return Candidates(
        items=tuple(found[: query.limit]),
        highlights=highlights_of(query.query, near),
        is_complete=len(found) <= query.limit,
    )


def highlights_of(
    query: ParsedQuery, near: Mapping[str, Sequence[str]], stems: Mapping[str, Iterable[str]] = {}
) -> Highlights:
    """Returns what is marked in snippets; `near` are the words instead of misspelt ones, `stems` those of words."""
    words: set[str] = set()
    prefixes, runs, found_stems = [], [], []
    for term in query.required_terms:
        if term.run is not None:
            runs.append(term.run)
            continue
        words.update(term.words)
        if term.prefix:
            prefixes.append(term.words[-1])
        if not term.quoted:
            words.update(other for word in term.words for other in near.get(word, ()))
            found_stems += [stem for word in term.words for stem in stems.get(word, ())]
    return Highlights(
        words=frozenset(words), prefixes=tuple(prefixes), stems=tuple(dict.fromkeys(found_stems)), runs=tuple(runs)
    )


def _candidate(
    entry: Entry, title: list[str], text: list[str], query: ParsedQuery, near: Mapping[str, Sequence[str]]
) -> Candidate | None:
    if not query.is_blank and not query.terms:
        return None
    if any(_occurrences(term, title) or _occurrences(term, text) for term in query.excluded_terms):
        return None
    score, typo = 0.0, False
    for term in query.required_terms:
        if there := TITLE_SCORE * _occurrences(term, title) + _occurrences(term, text):
            score += there
            continue
        if not any(other in title or other in text for word in term.words for other in near.get(word, ())):
            return None
        score, typo = score + TYPO_SCORE, True
    return Candidate(
        id=entry.id,
        kind=entry.kind,
        type=entry.type,
        schema_id=entry.schema_id,
        processor_id=entry.processor_id,
        updated_at=entry.updated_at,
        score=score,
        found_by=("typo",) if typo else ("text",),
    )


def _occurrences(term: Term, words: list[str]) -> int:
    length = len(term.words)
    wanted = replace(term, prefix=False) if not term.prefix else term
    return sum(_stands_at(wanted, words[at : at + length]) for at in range(len(words) - length + 1))


def _stands_at(term: Term, words: list[str]) -> bool:
    *first, last = term.words
    return first == words[:-1] and (words[-1].startswith(last) if term.prefix else words[-1] == last)


def _near_words(word: str, counts: Mapping[str, int]) -> list[str]:
    if word in counts or not is_correctable(word):
        return []
    variants = deletions(word)
    return nearest(
        word, [(other, count) for other, count in counts.items() if not variants.isdisjoint(deletions(other))]
    )


def _is_stale(entry: Entry, entries: Mapping[str, Entry]) -> bool:
    source = entries.get(entry.parent_id or "")
    return source is not None and entry.parent_revision is not None and entry.parent_revision < source.data_since
