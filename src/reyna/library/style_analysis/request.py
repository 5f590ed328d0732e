"""The request for an analysis: the texts with their sources, and the settings."""

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
