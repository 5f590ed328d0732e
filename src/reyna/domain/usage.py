"""The use of schemas, counted by user, version and day."""

from collections import Counter

import msgspec


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of validations, of failures in all and by rule (a keyword of JSON Schema), and of stored blobs.

    A validation that fails by several rules counts once for each of them.
    """

    validations: int = 0
    failures: int = 0
    rules: dict[str, int] = {}
    blobs: int = 0

    def plus(self, other: "Counted") -> "Counted":
        return Counted(
            validations=self.validations + other.validations,
            failures=self.failures + other.failures,
            rules=dict(Counter(self.rules) + Counter(other.rules)),
            blobs=self.blobs + other.blobs,
        )


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """The use of one version by one user on one day (UTC, such as `2026-03-01`), counted by one process."""

    user_id: str
    schema_id: str
    version: str
    day: str
    counted: Counted


class DayOfUse(msgspec.Struct, frozen=True, kw_only=True):
    """The use of one version on one day."""

    day: str
    version: str
    validations: int
    failures: int
    rules: dict[str, int]
    blobs: int


class SchemaUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Days without any use are left out; the latest ones come last."""

    schema_id: str
    days: tuple[DayOfUse, ...]
    totals: Counted
