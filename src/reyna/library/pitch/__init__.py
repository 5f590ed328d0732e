"""Pitches: the processor that writes a pitch of an idea or a book, part by part, and the pitch as Markdown."""

from reyna.library.pitch.markdown import pitch_markdown
from reyna.library.pitch.processor import pitch_writer

__all__ = ["pitch_markdown", "pitch_writer"]
