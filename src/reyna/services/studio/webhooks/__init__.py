"""Webhooks: URLs of users that are told of events, signed, at least once, each without waiting for another."""
