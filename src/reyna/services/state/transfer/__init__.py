"""Export of content into archives, and import of archives."""
