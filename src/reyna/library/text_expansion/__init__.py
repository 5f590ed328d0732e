"""Text expansion: the processor that turns a note into detailed prose."""

from reyna.library.text_expansion.processor import text_expansion

__all__ = ["text_expansion"]
