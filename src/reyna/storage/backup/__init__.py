"""Backups: encrypted chunks under their hash, a manifest for each backup, and the rules that remove old ones."""
