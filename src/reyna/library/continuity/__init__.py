"""Continuity: what a language model is told of the book around a text, within a budget of tokens."""
