"""Templates: those that come with the studio and those of users, made of buckets, and used to begin new ones."""
