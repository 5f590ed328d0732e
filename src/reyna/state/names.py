"""What users call revisions of their blobs: "First draft", "As sent to the editor"."""

from datetime import UTC, datetime

from msgspec.structs import replace

from reyna.domain.blob import Revision
from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict
from reyna.ports import Drop, Need, Put, Step, Unmet
from reyna.state.buckets import TRIES, as_name
from reyna.state.lineage import Lines
from reyna.state.records import BLOBS, NAMES, Name


class Names(Lines):
    """The verb on names of revisions. A name says nothing about the data, so it makes no new revision."""

    async def name_revision(self, caller: Caller, id: str, number: int, name: str | None) -> Revision:
        """Give a revision a name, another one, or, with null, none any more; two may bear the same.

        Raises NotFound for a revision that there is not, Invalid for what is no name.
        """
        wanted = None if name is None else as_name(name)
        for _ in range(TRIES):
            revision = await self.revision(caller, id, number)
            there = await self._store.get(NAMES, caller.user_id, revision.id)
            if (there.name if there else None) == wanted:
                return replace(revision, name=wanted)
            event = (await self.blob(caller, id)).event("named", caller, number=number, name=wanted)
            still = Need(BLOBS, caller.user_id, id)  # a purge that comes between finds every name, or none is given
            try:
                await self._store.write(still, *_renamed(revision, there, wanted), messages=[event.message()])
            except Unmet:
                continue
            return replace(revision, name=wanted)
        raise Conflict("This revision is being named by others without pause. Try again.")


def _renamed(revision: Revision, there: Name | None, wanted: str | None) -> list[Step]:
    if wanted is None:
        if there is None:
            return []
        seen = Need(NAMES, there.user_id, there.id, {"revision": there.revision})
        return [seen, Drop(NAMES, there.user_id, there.id)]
    record = Name(
        id=revision.id,
        user_id=revision.user_id,
        blob_id=revision.blob_id,
        number=revision.number,
        name=wanted,
        revision=there.revision + 1 if there else 1,
        created_at=datetime.now(UTC),
    )
    return [Put(NAMES, record, expects=there.revision if there else 0)]
