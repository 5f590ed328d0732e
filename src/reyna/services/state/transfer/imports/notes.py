"""Collects the notes of an import, of which the report lists the first."""

from collections import Counter

from reyna.domain.text.clusters import truncate
from reyna.services.state.transfer.imports.task import MAX_NOTES, ImportNote, ImportReport, NoteKind

MAX_PATH_CHARACTERS = 300
MAX_REASON_CHARACTERS = 500


class ImportNotes:
    """The notes and the counts of one import."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._notes: list[ImportNote] = []
        self._count = self._left_out = 0

    def add(self, path: str, what: NoteKind, reason: str) -> None:
        """Notes something about an entry."""
        self._count += 1
        self._left_out += what in ("rejected", "skipped")
        if len(self._notes) < MAX_NOTES:
            reason = truncate(reason, MAX_REASON_CHARACTERS)
            self._notes.append(ImportNote(path=path[-MAX_PATH_CHARACTERS:], what=what, reason=reason))

    def report(self, format: str, bucket_ids: tuple[str, ...]) -> ImportReport:
        """Returns the report."""
        return ImportReport(
            format=format,
            left_out=self._left_out,
            bucket_ids=bucket_ids,
            notes=tuple(self._notes),
            note_count=self._count,
            **self.counts,
        )
