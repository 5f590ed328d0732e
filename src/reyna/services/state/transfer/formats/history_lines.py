"""Reads the earlier revisions of a blob in an archive of ours."""

import msgspec

from reyna.services.state.transfer.layout.entry_names import revisions_entry_name
from reyna.services.state.transfer.layout.facts import ArchiveBlob, ArchiveRevision
from reyna.services.state.transfer.reading.items import IncomingHistory, IncomingRevision
from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive

MAX_HISTORY_BYTES = 512 * 1024 * 1024  # of the revisions of one blob


def read_history(archive: OpenedArchive, facts: ArchiveBlob) -> IncomingHistory | None:
    """Returns the earlier revisions of a blob, None for an archive without them. Raises BadArchive."""
    path = revisions_entry_name(facts.id)
    if path not in archive:
        return None if facts.revision == 1 else IncomingHistory(revision=1, data_revision=1)
    names: dict[int, str] = {}
    earlier: list[IncomingRevision] = []
    for number, line in enumerate(archive.read(path, MAX_HISTORY_BYTES).splitlines(), 1):
        try:
            one = msgspec.json.decode(line, type=ArchiveRevision)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadArchive(f"{path}, line {number} cannot be read: {error}") from error
        if one.name is not None:
            names[one.number] = one.name
        if one.data is msgspec.UNSET or one.created_at is None:
            continue
        earlier.append(
            IncomingRevision(
                number=one.number,
                data=one.data,
                schema_id=one.schema or facts.schema,
                version=one.version or facts.version,
                author=one.author,
                author_kind=one.author_kind,
                late_id=one.late_id,
                created_at=one.created_at,
            )
        )
    numbers = [one.number for one in earlier if one.late_id is None]
    if numbers != list(range(facts.revision - 1, 0, -1)):
        raise BadArchive(f"{path} has not every revision of the blob.")
    return IncomingHistory(
        revision=facts.revision, data_revision=facts.data_revision, names=names, earlier=tuple(earlier)
    )
