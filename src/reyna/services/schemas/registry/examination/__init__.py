"""The examination of a JSON Schema before it is registered: limits, references and fingerprint."""
