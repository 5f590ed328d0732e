"""The export: everything of a user, or a bucket, as one archive that is written while it is sent."""
