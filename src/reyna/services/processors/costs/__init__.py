"""The costs of runs: counted once as workers report them, summed by day, and kept below the spending caps of users."""
