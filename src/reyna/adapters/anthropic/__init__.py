"""The Language port on Anthropic's Messages API."""
