"""Templates: buckets and texts to begin with, their parameters, and how they become a plan of records."""
