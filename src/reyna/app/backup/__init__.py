"""Backups of a whole installation: its databases, files and secrets, and their restoration."""
