"""The language models of users, their encrypted keys, and the model of each run."""
