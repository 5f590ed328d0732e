"""Writers on many devices of one person at the same time, and checks that nothing acknowledged is lost."""

import asyncio
from collections import defaultdict
from typing import Final

from tests.journeys.people import NOTE, ConnectionLost, Device, Frame, Person

CHANGES_PER_NOTE: Final = 2  # so that the order of its events is seen


class AcknowledgedNotes:
    """Maps each note to the latest text that the application has acknowledged, and its revision."""

    def __init__(self) -> None:
        self.confirmed: dict[str, tuple[int, str]] = {}
        self._changed = asyncio.Condition()

    async def write_notes(self, device: Device, name: str, notes: int) -> None:
        """Writes so many notes, each with its changes; returns early at the first answer that is not `ok`."""
        for number in range(notes):
            text = f"{name} wrote note {number}"
            answer = await self._request(device, "create_blob", schema_id=NOTE, data={"content": text})
            for change in range(CHANGES_PER_NOTE + 1):
                if answer is None:
                    return
                blob = answer["blob"]
                self.confirmed[blob["id"]] = (blob["revision"], blob["data"]["content"])
                async with self._changed:
                    self._changed.notify_all()
                if change < CHANGES_PER_NOTE:
                    data = {"content": f"{text}, changed {change + 1} times"}
                    seen = {"blob_id": blob["id"], "base_revision": blob["revision"]}
                    answer = await self._request(device, "update_blob", data=data, **seen)

    async def wait_for_count(self, notes: int) -> None:
        """Returns when so many notes are acknowledged."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.confirmed) >= notes)

    @staticmethod
    async def _request(device: Device, action: str, **fields: object) -> Frame | None:
        try:
            answer = await device.request(action, **fields)
        except ConnectionLost:
            return None
        return answer if answer["type"] == "ok" else None


async def check_nothing_is_lost(person: Person, writing: AcknowledgedNotes) -> set[str]:
    """Asserts that every acknowledged note is stored at least at its revision. Returns the ids of all stored notes."""
    stored = {blob["id"]: blob for blob in await person.all("/blobs")}
    for id, (revision, text) in writing.confirmed.items():
        assert id in stored, f"{text!r} was acknowledged and is gone"
        assert stored[id]["revision"] >= revision
        if stored[id]["revision"] == revision:
            assert stored[id]["data"]["content"] == text
    return set(stored)


async def check_all_events_arrive(person: Person, device: Device, frames: list[Frame]) -> None:
    """Asserts that each revision of each stored note has exactly one event, in order, and that no others arrive.

    `frames` are those that the device has received so far; the others are waited for.
    """
    stored = {blob["id"]: blob["revision"] for blob in await person.all("/blobs")}
    while (delivered := revisions(frames)) != {id: [*range(1, last + 1)] for id, last in stored.items()}:
        beyond = {id: numbers for id, numbers in delivered.items() if numbers[-1] > stored.get(id, 0)}
        assert beyond == {}, "events without a stored revision"
        frames += await device.receive_until(lambda frame: frame["type"] in ("blob.created", "blob.updated"))


def revisions(frames: list[Frame]) -> dict[str, list[int]]:
    """Returns the revisions of each note in the order of their first events; events with the same id count once."""
    found: dict[str, list[int]] = defaultdict(list)
    by_event = {frame["event_id"]: frame for frame in frames if frame["type"] in ("blob.created", "blob.updated")}
    for frame in by_event.values():
        found[frame["blob_id"]].append(frame["revision"])
    return dict(found)
