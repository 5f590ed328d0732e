"""Processors and runs."""
