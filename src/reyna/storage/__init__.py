"""Layers over any Store, and the rules that all stores share."""
