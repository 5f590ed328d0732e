"""The data of the results: `research-results-v1`, and one `research-source-v1` for each source of the network."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.text.clusters import shorten, truncate
from reyna.domain.text.sentences import END_MARKS
from reyna.library.research_assistant.answer_check import CheckedSentence
from reyna.library.research_assistant.citations.bibtex import bibtex, citation_keys
from reyna.library.research_assistant.citations.csl import csl_item, csl_items
from reyna.library.research_assistant.gathering import GatheredSources, MissingSource
from reyna.library.research_assistant.question import Question
from reyna.library.research_assistant.ranking import is_wanted
from reyna.library.research_assistant.sources.found_source import FoundSource
from reyna.library.research_assistant.synthesis import Synthesis
from reyna.sdk import Derived

SOURCE_SCHEMA: Final = "research-source-v1"
MAX_REASON_CHARACTERS: Final = 1_000
MAX_LISTED: Final = 200
NOT_FOUND: Final = "Nothing was found on this question."
NOT_ANSWERED: Final = "The sources that were found do not answer this question."
SOURCES_ONLY: Final = "No answer was written: these are the sources that fit the question, the best first."


class SourceList(msgspec.Struct, frozen=True):
    """The sources in the order of their numbers, with the key of each in the citations."""

    sources: Sequence[FoundSource]
    keys: Sequence[str]

    @property
    def by_key(self) -> Mapping[str, FoundSource]:
        return dict(zip(self.keys, self.sources, strict=True))


def list_of(sources: Sequence[FoundSource]) -> SourceList:
    return SourceList(sources, citation_keys(sources))


def results_data(
    question: Question, gathered: GatheredSources, listed: SourceList, synthesis: Synthesis
) -> dict[str, Any]:
    """Returns the data of the result. Where a model answered, each sentence of the summary ends with its citations."""
    missing = [msgspec.to_builtins(one) for one in (*gathered.missing, *_unmet_wishes(question, listed))]
    if synthesis.reason:
        missing.append({"field": "summary", "reason": shorten(synthesis.reason, MAX_REASON_CHARACTERS)})
    return {
        "query": question.text,
        "status": synthesis.status,
        "summary": summary_of(listed, synthesis),
        "sources": [_source_item(number, source, listed) for number, source in enumerate(listed.sources, start=1)],
        "searched": [msgspec.to_builtins(one) for one in gathered.searched],
        "not_available": missing[:MAX_LISTED],
        "citations": {"csl": csl_items(dict(listed.by_key)), "bibtex": bibtex(listed.by_key)},
        **_answer_fields(synthesis),
    }


def summary_of(listed: SourceList, synthesis: Synthesis) -> str:
    if synthesis.answer is not None and synthesis.answer.sentences:
        return " ".join(cited_sentence(sentence) for sentence in synthesis.answer.sentences)
    if synthesis.status == "sources_only":
        return SOURCES_ONLY
    return NOT_ANSWERED if listed.sources else NOT_FOUND


def cited_sentence(sentence: CheckedSentence) -> str:
    """Returns the sentence with its citations before its closing mark: `Tides are resonance [1][3].`"""
    marks = "".join(f"[{number}]" for number in sentence.numbers)
    end = len(sentence.text)
    while end and sentence.text[end - 1] in END_MARKS[1:-1]:
        end -= 1
    text, closing = sentence.text[:end], sentence.text[end:]
    return f"{text} {marks}{closing}"


def source_blobs(question: Question, listed: SourceList) -> list[Derived]:
    """Returns the sources of the network as outputs of their own, which stay when their pages change."""
    return [
        Derived(_kept_source(number, source, question, listed), schema_id=SOURCE_SCHEMA)
        for number, source in enumerate(listed.sources, start=1)
        if source.origin != "library"
    ]


def _unmet_wishes(question: Question, listed: SourceList) -> list[MissingSource]:
    """Returns the sources that the user named and that nobody found; an address is never opened."""
    return [
        MissingSource("sources", shorten(f"{wish}: not among what was found. Addresses are not opened.", 500))
        for wish in question.preferred
        if not any(is_wanted(source, wish) for source in listed.sources)
    ]


def _answer_fields(synthesis: Synthesis) -> dict[str, Any]:
    answer = synthesis.answer
    if answer is None:
        return {"findings": []}
    return {
        "findings": [_finding(sentence) for sentence in answer.sentences],
        "open_questions": answer.open_questions,
        "dropped_sentences": [msgspec.to_builtins(one) for one in answer.dropped[:MAX_LISTED]],
        "removed_quotations": answer.removed_quotations[:MAX_LISTED],
    }


def _finding(sentence: CheckedSentence) -> dict[str, Any]:
    finding: dict[str, Any] = {
        "statement": sentence.text,
        "source_numbers": [number - 1 for number in sentence.numbers],
    }
    if sentence.quote and sentence.quoted:
        finding |= {"quote": sentence.quote, "quote_source_number": sentence.quoted - 1}
    return finding


def _source_item(number: int, source: FoundSource, listed: SourceList) -> dict[str, Any]:
    item = {
        "number": number,
        "key": listed.keys[number - 1],
        "title": source.title,
        "origin": source.origin,
        "also_in": list(source.also_in) or None,
        "url": source.url,
        "blob_id": source.blob_id,
        "author": _authors(source),
        "published": source.published,
        "container": source.container,
        "doi": source.doi,
        "arxiv_id": source.arxiv_id,
        "licence": source.licence,
        "retrieved_at": source.retrieved_at,
        "extract": truncate(source.text, 2_000) or None,
    }
    return {name: value for name, value in item.items() if value is not None}


def _kept_source(number: int, source: FoundSource, question: Question, listed: SourceList) -> dict[str, Any]:
    key = listed.keys[number - 1]
    data = _source_item(number, source, listed) | {"query": question.text, "csl": csl_item(key, source)}
    data.pop("extract", None)
    return data | {"content": source.text}


def _authors(source: FoundSource) -> str | None:
    return shorten("; ".join(author.full_name for author in source.authors), 500) or None
