"""Semantic versions, strictly as semver.org 2.0.0 has them, and which of two comes first."""

import re
from functools import total_ordering
from typing import Final, NamedTuple

from reyna.domain.errors import Invalid

NUMBER: Final = r"(?:0|[1-9][0-9]{0,8})"  # nine digits are enough for anyone, and fit every store
IDENTIFIER: Final = r"(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)"
SEMVER: Final = re.compile(
    rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({IDENTIFIER}(?:\.{IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
LONGEST: Final = 64


@total_ordering
class Semver(NamedTuple):
    """Precedence as in section 11 of the specification; what follows a `+` does not count."""

    major: int
    minor: int
    patch: int
    before: tuple[str, ...]  # the identifiers of a pre-release

    def __lt__(self, other: object) -> bool:
        return isinstance(other, Semver) and self._rank() < other._rank()

    def _rank(self) -> tuple[int, int, int, bool, list[tuple[bool, int, str]]]:
        # a release comes after its pre-releases, numbers before words, fewer identifiers before more
        before = [(not each.isdigit(), int(each) if each.isdigit() else 0, each) for each in self.before]
        return self.major, self.minor, self.patch, not self.before, before


def semver(text: str, field: str = "version") -> Semver:
    """The parsed version. Raises Invalid for anything that is not one."""
    found = SEMVER.fullmatch(text) if len(text) <= LONGEST else None
    if found is None:
        raise Invalid.at(f"/{field}", "is not a semantic version", expected="such as 1.0.0 (semver.org 2.0.0)")
    major, minor, patch, before = found.groups()
    return Semver(int(major), int(minor), int(patch), tuple(before.split(".")) if before else ())
