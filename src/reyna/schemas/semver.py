"""Semantic versions, strictly as semver.org 2.0.0 has them, and which of two comes first."""

import re
from typing import Final, NamedTuple

from reyna.domain.errors import Invalid

NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"  # nine digits are enough for anyone, and fit every store
IDENTIFIER: Final = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMVER: Final = re.compile(
    rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({IDENTIFIER}(?:\.{IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
LONGEST: Final = 64


class Semver(NamedTuple):
    """Compares as section 11 of the specification says; what follows a `+` does not count."""

    major: int
    minor: int
    patch: int
    released: bool  # a pre-release comes before its release
    before: tuple[tuple[bool, int, str], ...]  # its identifiers: numbers before words, fewer before more


def semver(text: str, field: str = "version") -> Semver:
    """The parsed version. Raises Invalid for anything that is not one."""
    found = SEMVER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise Invalid.at(f"/{field}", "is not a semantic version", expected="such as 1.0.0 (semver.org 2.0.0)")
    major, minor, patch, before = found.groups()
    identifiers = tuple(_ranked(each) for each in before.split(".")) if before else ()
    return Semver(int(major), int(minor), int(patch), not before, identifiers)


def is_semver(text: str) -> bool:
    return len(text) <= LONGEST and SEMVER.fullmatch(text) is not None


def _ranked(identifier: str) -> tuple[bool, int, str]:
    return (False, int(identifier), "") if identifier.isdigit() else (True, 0, identifier)
