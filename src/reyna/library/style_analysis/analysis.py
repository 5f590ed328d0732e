"""The analysis of a request: the data of a `style-analysis-v1` on one text, or on all texts of a bucket."""

from collections import Counter
from typing import Any, Final

import msgspec

from reyna.library.style_analysis.document import Document, join_documents, read_document
from reyna.library.style_analysis.findings.collection import reasons_against
from reyna.library.style_analysis.languages.detection import find_language
from reyna.library.style_analysis.measures.result import Measured
from reyna.library.style_analysis.measures.sections import pace_of
from reyna.library.style_analysis.request import AnalysisRequest, SourceText
from reyna.library.style_analysis.settings import FindingKind, StyleSettings
from reyna.library.style_analysis.text_analysis import (
    Report,
    TextAnalysis,
    analyse_document,
    list_findings,
    list_missing,
    list_sections,
    measure_document,
    metrics_of,
)

UNIT: Final = "utf-16"
WHOLE: Final = ("readability", "narration", "voice", "tone", "sentence_lengths", "frequent_words")
ANALYSED_FRACTION: Final = 0.9  # of the work on many texts, after which the whole is measured
TEXTS_ARE_PARTS: Final = "Each text of the bucket is a part of its own; see texts."


class Task(msgspec.Struct, frozen=True):
    """The request with its documents; `against` are the wanted kinds of findings that are not looked for, and why."""

    request: AnalysisRequest
    documents: list[Document]
    against: dict[FindingKind, str]

    @property
    def settings(self) -> StyleSettings:
        return self.request.settings

    @property
    def kinds(self) -> list[FindingKind]:
        return [kind for kind in self.settings.findings if kind not in self.against]


def analyse(request: AnalysisRequest, report: Report = lambda fraction: None) -> dict[str, Any]:
    """Returns the data of the result; `report` is called with the fraction that is done."""
    language = find_language("\n".join(source.text for source in request.texts), request.settings.language)
    documents = [read_document(source.text, language) for source in request.texts]
    words = sum(len(document.words) for document in documents)
    task = Task(request, documents, reasons_against(language, words, request.settings))
    if request.bucket_id is None:
        return _analyse_text(task, report)
    return _analyse_bucket(task, request.bucket_id, report)


def _analyse_text(task: Task, report: Report) -> dict[str, Any]:
    (source,), (document,) = task.request.texts, task.documents
    analysis = analyse_document(document, task.kinds, task.settings, report)
    data = {
        "scope": "text",
        "source": {"blob_id": source.blob_id, "revision": source.revision, "field": source.field},
        **_describe(task, analysis, list_findings(analysis, most=task.settings.max_findings)),
    }
    sections = list_sections(analysis)
    return data | {"sections": sections} if sections else data


def _analyse_bucket(task: Task, bucket_id: str, report: Report) -> dict[str, Any]:
    analyses = _analyse_each(task, report)
    whole = _join(analyses)
    most = max(1, task.settings.max_findings // len(analyses))
    pairs = list(zip(task.request.texts, analyses, strict=True))
    findings = [
        {"blob_id": source.blob_id, **finding}
        for source, analysis in pairs
        for finding in list_findings(analysis, most=most)
    ]
    average = whole.measured.values.get("average_sentence_words")
    return {
        "scope": "bucket",
        "source": {"bucket_id": bucket_id},
        "texts": [_describe_part(source, analysis.measured, average) for source, analysis in pairs],
        **_describe(task, whole, findings),
    }


def _analyse_each(task: Task, report: Report) -> list[TextAnalysis]:
    total = sum(len(document.text) for document in task.documents) or 1
    analyses: list[TextAnalysis] = []
    done = 0
    for document in task.documents:
        size = len(document.text)

        def report_text(fraction: float, done: int = done, size: int = size) -> None:
            report(ANALYSED_FRACTION * (done + fraction * size) / total)

        analyses.append(analyse_document(document, task.kinds, task.settings, report_text))
        done += size
    return analyses


def _join(analyses: list[TextAnalysis]) -> TextAnalysis:
    """Returns the measures of all texts as one, with the findings of all."""
    document = join_documents([analysis.document for analysis in analyses])
    findings = {
        kind: [one for analysis in analyses for one in analysis.findings[kind]] for kind in analyses[0].findings
    }
    with_passive = sum(
        round(analysis.measured.values.get("passive_share", 0.0) * len(analysis.document.ranges))
        for analysis in analyses
    )
    measured = measure_document(document)
    values = {field: value for field, value in measured.values.items() if field != "sections"}
    if "passive" in findings and document.ranges:
        values["passive_share"] = round(with_passive / len(document.ranges), 3)
    return TextAnalysis(document, Measured(values, measured.missing | {"sections": TEXTS_ARE_PARTS}), findings)


def _describe(task: Task, analysis: TextAnalysis, findings: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the fields that one text and a whole bucket have in common."""
    measured, language = analysis.measured, analysis.document.language
    words = max(1, len(analysis.document.words))
    listed = Counter(finding["kind"] for finding in findings)
    counts = [
        {
            "kind": kind,
            "count": len(found),
            "listed": listed[kind],
            "per_thousand_words": round(1_000 * len(found) / words, 1),
        }
        for kind, found in analysis.findings.items()
    ]
    return {
        "unit": UNIT,
        **({"language": language.code} if language.code else {}),
        "language_source": "setting" if task.settings.language else "detected",
        "metrics": metrics_of(measured),
        **{field: measured.values[field] for field in WHOLE if field in measured.values},
        "findings": findings,
        "finding_counts": counts,
        "not_available": list_missing(measured, task.against),
    }


def _describe_part(source: SourceText, measured: Measured, average: float | None) -> dict[str, Any]:
    """Returns one text of a bucket: its metrics, and its pace compared with the whole."""
    part: dict[str, Any] = {
        "blob_id": source.blob_id,
        "revision": source.revision,
        "field": source.field,
        "metrics": metrics_of(measured),
    }
    if source.title:
        part["title"] = source.title
    own = measured.values.get("average_sentence_words")
    if own is not None and average is not None:
        part["pace"] = pace_of(own, average)
    if voice := measured.values.get("voice"):
        part["voice"] = voice
    return part
