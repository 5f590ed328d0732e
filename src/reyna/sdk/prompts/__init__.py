"""The prompts of a run: in parts, recorded as they are sent, and found out without sending them."""
