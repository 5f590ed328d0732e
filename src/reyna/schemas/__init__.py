"""The schema service: the truth layer."""
