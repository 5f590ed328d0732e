"""The layout of an archive: the names of its entries, and the documents in them."""
