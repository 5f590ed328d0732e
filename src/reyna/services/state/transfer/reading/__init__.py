"""Parts that all formats share: hostile archives, documents, and the things that they become."""
