"""`reyna export` and `reyna import`: everything out, and everything in."""
