"""Which version comes next: computed from the difference, and the least that a version given by hand may be."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec.structs import replace

from reyna.domain.schema import Compatibility
from reyna.schemas.compatibility import Comparison
from reyna.schemas.compatibility.explain import Difference
from reyna.schemas.records import Latest
from reyna.schemas.semver import Semver, semver

Bump = Literal["major", "minor", "patch", "none"]
FIRST: Final = "1.0.0"
FORWARD: Final = ("forward", "forward_transitive")


def is_transitive(mode: Compatibility) -> bool:
    """Whether the mode speaks of every version of the major, and not of the latest alone."""
    return mode.endswith("_transitive")


def keeps(comparisons: Sequence[Comparison], mode: Compatibility) -> bool:
    """Whether the promise of the mode is kept toward each of these versions."""
    return all(comparison.holds(mode) for comparison in comparisons)


def bump_of(comparisons: Sequence[Comparison], mode: Compatibility, *, identical: bool) -> Bump:
    """How far a schema is from the latest one, which is the first of these.

    The mode says what a major promises; what breaks the promise begins the next one. A mode without a promise leaves
    the usual one: that whatever fitted still fits.
    """
    latest = comparisons[0]
    promise: Compatibility = "backward" if mode == "none" else mode
    if identical:
        return "none"
    if not keeps(comparisons, promise):
        return "major"
    return "patch" if latest.backward and latest.forward else "minor"


def next_version(bump: Bump, latest: Latest, majors: Mapping[int, Latest]) -> str:
    """The version that a bump leads to; a pre-release is followed by what it came before, where that is enough."""
    now = semver(latest.version)
    if bump == "major":
        return f"{max(majors) + 1}.0.0"
    if bump == "none":
        return latest.version
    if _may_be(now, bump):
        return f"{now.major}.{now.minor}.{now.patch}"
    return f"{now.major}.{now.minor + 1}.0" if bump == "minor" else f"{now.major}.{now.minor}.{now.patch + 1}"


def is_enough(wanted: Semver, bump: Bump, latest: Latest) -> bool:
    """Whether a version of the same major is large enough; a pre-release counts as what it comes before."""
    now = semver(latest.version)
    if bump == "major":
        return False
    if bump == "minor" and not _may_be(now, bump):
        return (wanted.major, wanted.minor) > (now.major, now.minor)
    return True


def _may_be(now: Semver, bump: Bump) -> bool:
    """Whether what a pre-release comes before may be this bump of it: a patch has no place for what a minor brings."""
    return not now.released and (bump == "patch" or now.patch == 0)


def told(comparisons: Sequence[Comparison], versions: Sequence[str]) -> tuple[Difference, ...]:
    """Every difference once: those from the latest version, and what breaks only older ones, with their version."""
    found = list(comparisons[0].differences)
    known = {(each.path, each.rule, direction) for each in found for direction in each.breaks}
    for comparison, version in zip(comparisons[1:], versions[1:], strict=True):
        for each in comparison.differences:
            marks = {(each.path, each.rule, direction) for direction in each.breaks}
            if marks - known:
                known |= marks
                found.append(replace(each, version=version))
    return tuple(found)
