"""Files: uploads in parts, downloads of ranges, the references of blobs to files, and the collection of unused ones."""
