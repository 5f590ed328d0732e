"""Conditions: small expressions over the data of a blob, parsed once and evaluated within limits."""
