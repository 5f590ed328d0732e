"""The state service: blobs, buckets, placements, revisions, journal and trash."""
