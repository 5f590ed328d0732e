"""The rules that a requested version, name and kind must meet."""

from collections.abc import Mapping
from datetime import UTC, datetime

from msgspec import to_builtins
from msgspec.structs import replace

from reyna.domain.errors import AlreadyThere, DataError, Invalid
from reyna.domain.ids import is_slug
from reyna.domain.schema import Compatibility, NewSchema, Schema
from reyna.services.schemas.records import Latest
from reyna.services.schemas.registry.policies import check_upgrade_source
from reyna.services.schemas.registry.versioning.semver import parse_semver
from reyna.services.schemas.registry.versioning.version_bump import is_enough
from reyna.services.schemas.registry.versioning.version_planner import VersionPlan


def schema_id(name: str, major: int) -> str:
    """Returns the id of a major. Raises Invalid for a name that is too long for an id."""
    id = f"{name}-v{major}"
    if not is_slug(id):
        raise Invalid.at("/name", "is too long for an id made of it", expected=f"{id} in at most 64 characters")
    return id


def check_kind(new: NewSchema, majors: Mapping[int, Latest]) -> None:
    """Raises AlreadyThere when the name has schemas of the other kind."""
    newest = majors[max(majors)] if majors else None
    if newest is not None and newest.kind != new.kind:
        raise AlreadyThere(f"{new.name} is a {newest.kind} schema; a name keeps its kind.", id=newest.id)


def predecessor_of(version: str | None, majors: Mapping[int, Latest]) -> Latest | None:
    """Returns the version to compare with: the latest of the same major, or of the newest without a `version`."""
    if version is not None:
        return majors.get(parse_semver(version).major)
    return majors[max(majors)] if majors else None


def check_order(version: str, majors: Mapping[int, Latest]) -> None:
    """Raises AlreadyThere for a version that is taken, and Invalid for one that is not larger than the latest."""
    wanted = parse_semver(version)
    latest = majors.get(wanted.major)
    if latest is not None and wanted <= parse_semver(latest.version):
        if version == latest.version:
            raise AlreadyThere(f"{latest.id} {version} is registered, with other content.", id=latest.id)
        raise Invalid.at("/version", f"must be larger than {latest.version}, the latest of {latest.id}")
    if latest is None and majors and wanted.major < max(majors):
        raise Invalid.at("/version", f"must be larger than {majors[max(majors)].version}, the latest")


def check_bump(version: str, plan: VersionPlan, latest: Latest) -> None:
    """Raises Invalid when the version is too small for the difference; in mode `none` any larger version will do."""
    if plan.mode == "none" or is_enough(parse_semver(version), plan.bump, latest):
        return
    broken = [each for each in plan.differences if each.breaks]
    reason = f"{latest.id} promises {plan.mode}, and this breaks it" if plan.bump == "major" else "it changes what fits"
    message = f"is too small for the difference from {latest.version}: {reason}"
    error = DataError(path="/version", message=message, expected=f"at least {plan.version}")
    raise Invalid(
        f"version: {message}; {plan.version} would do.",
        errors=[error],
        next_version=plan.version,
        differences=to_builtins(broken),
    )


def numbered(draft: Schema, new: NewSchema, version: str, mode: Compatibility, majors: Mapping[int, Latest]) -> Schema:
    """Returns the draft with its version, id and policies. Raises Invalid for an upgrade that cannot be set."""
    major = parse_semver(version).major
    current = majors[major].schema.upgrade if major in majors else None
    if new.upgrade is not None:
        check_upgrade_source(new.upgrade, draft.kind, major, majors)
        if current is not None and current != new.upgrade:  # the author may have expected the next major
            raise Invalid.at(
                "/upgrade",
                f"is not the one that {schema_id(draft.name, major)} has, and this is only version {version} of it",
                expected="none, or the same one; another is set by itself",
            )
    return replace(
        draft,
        id=schema_id(draft.name, major),
        major=major,
        version=version,
        compatibility=mode,
        upgrade=new.upgrade or current,
        created_at=datetime.now(UTC),
    )
