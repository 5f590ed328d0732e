"""DOCX: a manuscript as agents and editors ask for it, in WordprocessingML (ECMA-376) that is written here."""
