"""Bundling: a schema and everything that it refers to as one document."""
