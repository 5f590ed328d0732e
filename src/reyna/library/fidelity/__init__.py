"""Fidelity: checks of a text that a model made against the text that it was made from."""
