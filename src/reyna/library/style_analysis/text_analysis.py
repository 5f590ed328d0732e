"""The analysis of one text: its measures and findings, and what is not available for it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from reyna.domain.text.clusters import shorten
from reyna.domain.text.tone import detect_tone
from reyna.library.style_analysis.document import Document
from reyna.library.style_analysis.findings.collection import collect_findings
from reyna.library.style_analysis.findings.finding import StyleFinding
from reyna.library.style_analysis.measures.counts import count_document, count_frequent_words
from reyna.library.style_analysis.measures.lexical_diversity import measure_diversity
from reyna.library.style_analysis.measures.narration import measure_narration
from reyna.library.style_analysis.measures.reading import measure_reading
from reyna.library.style_analysis.measures.result import Measured, merge
from reyna.library.style_analysis.measures.sections import measure_sections
from reyna.library.style_analysis.places import Utf16Places
from reyna.library.style_analysis.settings import FindingKind, StyleSettings

MAX_QUOTE_CHARACTERS: Final = 120
MAX_MESSAGE_CHARACTERS: Final = 400
MEASURED_FRACTION: Final = 0.3  # of the work, after which findings are looked for
METRICS: Final = (
    *("words", "sentences", "paragraphs", "syllables", "reading_minutes", "reading_ease", "grade_level"),
    *("average_sentence_words", "longest_sentence_words", "sentence_length_deviation"),
    *("lexical_diversity", "mtld", "hdd", "dialogue_share", "passive_share", "sentiment"),
)

Report = Callable[[float], None]
Findings = dict[FindingKind, list[StyleFinding]]


class TextAnalysis(msgspec.Struct, frozen=True):
    """The measures of a document, and its findings by kind."""

    document: Document
    measured: Measured
    findings: Findings


def analyse_document(
    document: Document, kinds: Iterable[FindingKind], settings: StyleSettings, report: Report
) -> TextAnalysis:
    """Returns the measures of the document, and its findings of these kinds."""
    measured = measure_document(document)
    report(MEASURED_FRACTION)

    def report_findings(fraction: float) -> None:
        report(MEASURED_FRACTION + (1 - MEASURED_FRACTION) * fraction)

    findings = collect_findings(document, kinds, settings, report_findings)
    return TextAnalysis(document, merge(measured, passive_share(document, findings)), findings)


def measure_document(document: Document) -> Measured:
    """Returns everything that is measured of the document as a whole."""
    own: dict[str, Any] = {}
    if frequent := count_frequent_words(document):
        own["frequent_words"] = frequent
    missing: dict[str, str] = {}
    if document.language.code == "en" and document.words:
        own["tone"] = detect_tone(document.text)
    else:
        missing["tone"] = f"There is no list of words for {document.language.name}."
    return merge(
        count_document(document),
        measure_diversity(document),
        measure_reading(document),
        measure_narration(document),
        measure_sections(document),
        Measured(own, missing),
    )


def metrics_of(measured: Measured) -> dict[str, Any]:
    return {field: measured.values[field] for field in METRICS if field in measured.values}


def list_findings(analysis: TextAnalysis, *, most: int) -> list[dict[str, Any]]:
    """Returns at most so many findings of each kind, with places in UTF-16 code units, in the order of the text."""
    text, places = analysis.document.text, Utf16Places(analysis.document.text)
    listed = sorted((one for found in analysis.findings.values() for one in found[:most]), key=lambda one: one.start)
    return [_describe_finding(one, text, places) for one in listed]


def _describe_finding(finding: StyleFinding, text: str, places: Utf16Places) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": finding.kind,
        "start": places.convert(finding.start),
        "end": places.convert(finding.end),
        "quote": shorten(text[finding.start : finding.end], MAX_QUOTE_CHARACTERS),
        "message": shorten(finding.message, MAX_MESSAGE_CHARACTERS),
        "made_by": finding.made_by,
    }
    if finding.suggestions:
        described["suggestions"] = [shorten(one, MAX_QUOTE_CHARACTERS) for one in finding.suggestions]
    return described


def list_sections(analysis: TextAnalysis) -> list[dict[str, Any]]:
    places = Utf16Places(analysis.document.text)
    return [
        section | {"start": places.convert(section["start"]), "end": places.convert(section["end"])}
        for section in analysis.measured.values.get("sections", [])
    ]


def list_missing(measured: Measured, against: Mapping[FindingKind, str]) -> list[dict[str, str]]:
    """Returns every field that is absent, and kinds of findings that were not looked for, with the reason."""
    found = {f"metrics.{field}" if field in METRICS else field: reason for field, reason in measured.missing.items()}
    found |= {f"findings.{kind}": reason for kind, reason in against.items()}
    return [{"field": field, "reason": reason} for field, reason in sorted(found.items())]


def passive_share(document: Document, findings: Findings) -> Measured:
    """Returns the share of the sentences with a passive, where passives were looked for."""
    if "passive" not in findings or not document.ranges:
        return Measured(missing={"passive_share": "Passives were not looked for."})
    starts = [start for start, _ in document.sentences]
    sentences = {bisect_right(starts, one.start) for one in findings["passive"]}
    return Measured({"passive_share": round(len(sentences) / len(document.ranges), 3)})
