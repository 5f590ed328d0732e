"""ReYNa Studio: your content, your structure, your way."""

__version__ = "0.1.0"
