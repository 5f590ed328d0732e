"""Search: the entries of blobs and buckets, kept up to date from events, and the verb that finds them."""
