"""The reach of an API key that is limited to buckets: what lies in or below them, and nothing else."""
