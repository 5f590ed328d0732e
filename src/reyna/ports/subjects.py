"""Subjects, and the patterns that match them."""

from typing import Final

REST: Final = ">"  # matches one token or more, at the end of a pattern
ANY: Final = "*"  # matches exactly one token


def matches(pattern: str, subject: str) -> bool:
    """Returns whether a subject matches a pattern, by the rules of NATS."""
    if pattern == subject:
        return True
    wanted, given = pattern.split("."), subject.split(".")
    for place, token in enumerate(wanted):
        if token == REST:
            return len(given) > place
        if place >= len(given) or token not in (ANY, given[place]):
            return False
    return len(wanted) == len(given)
