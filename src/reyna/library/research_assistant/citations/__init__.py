"""Citations of sources: as CSL-JSON and as BibTeX."""
