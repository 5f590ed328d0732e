"""JSON Schema validation: compilation, limits on work, error messages, upgrades of data and counts of use."""
