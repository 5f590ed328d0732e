"""Computes the next version from the differences, and the smallest version that may be given by hand."""

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from reyna.domain.schema import Compatibility
from reyna.services.schemas.compatibility.comparison import Comparison
from reyna.services.schemas.compatibility.difference import Difference
from reyna.services.schemas.records import Latest
from reyna.services.schemas.registry.versioning.semver import Bump, Semver, parse_semver

FIRST_VERSION: Final = "1.0.0"
FORWARD_MODES: Final = ("forward", "forward_transitive")


def is_transitive(mode: Compatibility) -> bool:
    """Returns whether the mode applies to every version of the major, and not only to the latest."""
    return mode.endswith("_transitive")


def keeps_promise(comparisons: Sequence[Comparison], mode: Compatibility) -> bool:
    """Returns whether each comparison keeps the promise of the mode."""
    return all(comparison.satisfies(mode) for comparison in comparisons)


def bump_of(comparisons: Sequence[Comparison], mode: Compatibility, *, identical: bool) -> Bump:
    """Returns the bump from the latest version, which is the first comparison's.

    The mode is the promise of a major; a change that breaks it begins the next major. The mode `none` uses the
    promise of `backward`.
    """
    latest = comparisons[0]
    promise: Compatibility = "backward" if mode == "none" else mode
    if identical:
        return "none"
    if not keeps_promise(comparisons, promise):
        return "major"
    return "patch" if latest.backward and latest.forward else "minor"


def next_version(bump: Bump, latest: Latest, majors: Mapping[int, Latest]) -> str:
    """Returns the version after a bump. A pre-release is followed by its release, where that is large enough."""
    now = parse_semver(latest.version)
    if bump == "major":
        return f"{max(majors) + 1}.0.0"
    if bump == "none":
        return latest.version
    if _may_release(now, bump):
        return f"{now.major}.{now.minor}.{now.patch}"
    return f"{now.major}.{now.minor + 1}.0" if bump == "minor" else f"{now.major}.{now.minor}.{now.patch + 1}"


def is_enough(wanted: Semver, bump: Bump, latest: Latest) -> bool:
    """Returns whether a version of the same major is large enough; a pre-release counts as its release."""
    now = parse_semver(latest.version)
    if bump == "major":
        return False
    if bump == "minor" and not _may_release(now, bump):
        return (wanted.major, wanted.minor) > (now.major, now.minor)
    return True


def _may_release(now: Semver, bump: Bump) -> bool:
    """Returns whether the release of a pre-release can have this bump: a release with a patch number cannot be a
    minor."""
    return not now.released and (bump == "patch" or now.patch == 0)


def merge_differences(comparisons: Sequence[Comparison], versions: Sequence[str]) -> tuple[Difference, ...]:
    """Returns every difference once: those from the latest version, then those that break only older versions, with
    their version."""
    found = list(comparisons[0].differences)
    known = {(each.path, each.rule, direction) for each in found for direction in each.breaks}
    for comparison, version in zip(comparisons[1:], versions[1:], strict=True):
        for each in comparison.differences:
            marks = {(each.path, each.rule, direction) for direction in each.breaks}
            if marks - known:
                known |= marks
                found.append(replace(each, version=version))
    return tuple(found)
