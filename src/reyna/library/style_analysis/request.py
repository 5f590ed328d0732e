"""The messages of an analysis: the request with its texts and settings, and the answers of its process."""

from typing import Any

import msgspec

from reyna.library.style_analysis.settings import StyleSettings


class SourceText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a blob: `field` is the field of its data that holds the text."""

    blob_id: str
    revision: int
    field: str
    text: str
    title: str | None = None


class AnalysisRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One text, or all those of the bucket that `bucket_id` names, in their order."""

    texts: tuple[SourceText, ...]
    settings: StyleSettings
    bucket_id: str | None = None


class ChildMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the child process: the fraction that is done, and at the end the result."""

    progress: float
    data: dict[str, Any] | None = None
