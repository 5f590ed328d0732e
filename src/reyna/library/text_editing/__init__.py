"""Text editing: processors that rewrite, shorten, describe and continue a text, and make prose of its beats."""

from reyna.library.text_editing.beats import beat_expansion
from reyna.library.text_editing.continuation import text_continuation
from reyna.library.text_editing.rewriting import text_rewriting
from reyna.library.text_editing.sensory_description import sensory_description
from reyna.library.text_editing.shortening import text_shortening

__all__ = ["beat_expansion", "sensory_description", "text_continuation", "text_rewriting", "text_shortening"]
