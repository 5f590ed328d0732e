"""The revisions of blobs: how they are stored, read, compared and named."""
