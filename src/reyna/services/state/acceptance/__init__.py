"""Acceptance: texts that processors derived, taken into an accepted text whose paragraphs say where they are from."""
