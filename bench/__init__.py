"""Benchmarks of the studio, each beside the floor that the engines below it set on the same machine."""
