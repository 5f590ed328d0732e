"""Style analysis: the processor that measures how a text reads, and finds places that are worth another look."""

from reyna.library.style_analysis.processor import style_analyzer

__all__ = ["style_analyzer"]
