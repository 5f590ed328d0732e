"""JSON values: what is storable, and how they are decoded."""
