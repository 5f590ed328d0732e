"""The import: an archive becomes buckets, blobs and files, as a task that survives a restart."""
