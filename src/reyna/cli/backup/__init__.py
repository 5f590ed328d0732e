"""`reyna backup` and `reyna restore`: a whole installation, encrypted, to a folder or an object store and back."""
