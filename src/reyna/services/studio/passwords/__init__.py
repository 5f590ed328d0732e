"""Passwords: rules for new ones, hashing and verification."""
