"""Credentials of workers: each lets the workers of one processor do their work on NATS, and nothing else."""
