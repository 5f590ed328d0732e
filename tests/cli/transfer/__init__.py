"""Tests of the commands that take content out and bring it in."""
