"""The export of pitches: one page of a pitch, as PDF and DOCX."""

from reyna.library.pitch.export.processor import pitch_export

__all__ = ["pitch_export"]
