"""The schema service: versioned JSON Schemas, their compatibility and their use."""
