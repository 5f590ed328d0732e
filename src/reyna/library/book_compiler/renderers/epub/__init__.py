"""EPUB 3: the publication, its package document, its navigation and its pages."""
