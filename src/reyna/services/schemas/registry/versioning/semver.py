"""Parses and orders semantic versions (semver.org 2.0.0)."""

import re
from typing import Final, Literal, NamedTuple

from reyna.domain.errors import Invalid

NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"  # nine digits fit every store
IDENTIFIER: Final = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMVER: Final = re.compile(
    rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({IDENTIFIER}(?:\.{IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
MAX_VERSION_CHARACTERS: Final = 64
Bump = Literal["major", "minor", "patch", "none"]


class Semver(NamedTuple):
    """A parsed version; tuples compare as in section 11 of the specification, without build metadata."""

    major: int
    minor: int
    patch: int
    released: bool  # a pre-release comes before its release
    prerelease: tuple[tuple[bool, int, str], ...]  # its identifiers: numbers before words, fewer before more


def parse_semver(text: str, field: str = "version") -> Semver:
    """Returns the parsed version. Raises Invalid for malformed text."""
    found = SEMVER.fullmatch(text) if len(text) <= MAX_VERSION_CHARACTERS else None
    if found is None:
        raise Invalid.at(f"/{field}", "is not a semantic version", expected="such as 1.0.0 (semver.org 2.0.0)")
    major, minor, patch, prerelease = found.groups()
    identifiers = tuple(_rank(each) for each in prerelease.split(".")) if prerelease else ()
    return Semver(int(major), int(minor), int(patch), not prerelease, identifiers)


def is_semver(text: str) -> bool:
    return len(text) <= MAX_VERSION_CHARACTERS and SEMVER.fullmatch(text) is not None


def _rank(identifier: str) -> tuple[bool, int, str]:
    return (False, int(identifier), "") if identifier.isdigit() else (True, 0, identifier)
