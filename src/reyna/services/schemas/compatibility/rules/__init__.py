"""Rules of the compatibility proof, by keyword."""
