"""The embedded model for embeddings: its server, and the supervised process that runs it."""
