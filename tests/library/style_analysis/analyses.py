"""Analyses of texts for the tests: the text of each finding, as a reader of UTF-16 finds it."""

from typing import Any

from reyna.library.style_analysis.analysis import analyse
from reyna.library.style_analysis.request import AnalysisRequest, SourceText
from reyna.library.style_analysis.settings import StyleSettings


def analyse_text(text: str, **settings: Any) -> dict[str, Any]:
    source = SourceText(blob_id="blob-1", revision=1, field="content", text=text)
    return analyse(AnalysisRequest(texts=(source,), settings=StyleSettings(**settings)))


def analyse_texts(*texts: str, **settings: Any) -> dict[str, Any]:
    """Analyses texts of one bucket together."""
    sources = tuple(
        SourceText(blob_id=f"blob-{number}", revision=1, field="content", text=text, title=f"Chapter {number}")
        for number, text in enumerate(texts, 1)
    )
    return analyse(AnalysisRequest(texts=sources, settings=StyleSettings(**settings), bucket_id="bucket-book"))


def utf16_slice(text: str, start: int, end: int) -> str:
    """The part of the text as JavaScript's `text.slice(start, end)` returns it."""
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le")


def found(text: str, kind: str, **settings: Any) -> list[str]:
    """The marked parts of the text, for one kind of finding."""
    findings = analyse_text(text, findings=(kind,), **settings)["findings"]
    return [utf16_slice(text, one["start"], one["end"]) for one in findings]
