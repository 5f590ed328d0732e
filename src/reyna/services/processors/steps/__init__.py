"""Durable steps: stored with the token of their run, and deleted when nobody needs them."""
