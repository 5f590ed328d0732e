"""The report of a legacy import."""

from collections import Counter
from typing import Final, Literal

import msgspec

MAX_NOTES: Final = 100  # lines that a report tells the reason of


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note about one line: `rejected` and `skipped` ones are not in the studio, the others are."""

    line: int
    id: str | None = None  # the line's own
    what: Literal["rejected", "skipped", "kept_whole", "not_placed", "parted", "renamed", "undated", "odd_time"]
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an import, or of a dry run. Every line counts once: created, already_there, skipped or rejected.

    `kept_whole` of the created ones did not fit their schema and are kept as they were; `placed` counts places, not
    blobs; `notes` are the first hundred; `left_out` are the numbers of all lines that are not in the studio; `unmapped`
    says how many lines have a value in a field such as `album_id` that was not mapped to buckets; `undated` counts the
    times that could not be read.
    """

    dry_run: bool = False
    lines: int = 0
    created: int = 0
    already_there: int = 0
    skipped: int = 0
    rejected: int = 0
    kept_whole: int = 0
    revisions: int = 0
    buckets: int = 0
    placed: int = 0
    unmapped: dict[str, int] = {}
    undated: int = 0
    notes: tuple[Note, ...] = ()
    left_out: tuple[int, ...] = ()

    def plus(self, other: "Report") -> "Report":
        """Returns the report of both batches."""
        return Report(
            dry_run=self.dry_run or other.dry_run,
            lines=self.lines + other.lines,
            created=self.created + other.created,
            already_there=self.already_there + other.already_there,
            skipped=self.skipped + other.skipped,
            rejected=self.rejected + other.rejected,
            kept_whole=self.kept_whole + other.kept_whole,
            revisions=self.revisions + other.revisions,
            buckets=self.buckets + other.buckets,
            placed=self.placed + other.placed,
            unmapped=dict(Counter(self.unmapped) + Counter(other.unmapped)),
            undated=self.undated + other.undated,
            notes=tuple(sorted(self.notes + other.notes, key=lambda note: note.line)[:MAX_NOTES]),
            left_out=tuple(sorted(self.left_out + other.left_out)),
        )
