"""The language models of this process: the one of the settings, and those that users and runs name."""
