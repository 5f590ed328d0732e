"""The search for a document that fits one schema and not the other."""
