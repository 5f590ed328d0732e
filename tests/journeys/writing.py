"""Many devices of one person that write at the same time, and what must have come of it afterwards."""

import asyncio
from collections import defaultdict
from typing import Final

from tests.journeys.people import NOTE, Device, Frame, Lost, Person

CHANGES: Final = 2  # of every note, so that the order of its events can be told


class Writing:
    """What was acknowledged: for each note, the latest text that the house has confirmed, and at which revision."""

    def __init__(self) -> None:
        self.confirmed: dict[str, tuple[int, str]] = {}
        self._grown = asyncio.Condition()

    async def go_on(self, device: Device, name: str, notes: int) -> None:
        """Write so many notes, each with its changes; returns early at the first word that is not yes."""
        for number in range(notes):
            text = f"{name} wrote note {number}"
            answer = await self._said(device, "create_blob", schema_id=NOTE, data={"content": text})
            for change in range(CHANGES + 1):
                if answer is None:
                    return
                blob = answer["blob"]
                self.confirmed[blob["id"]] = (blob["revision"], blob["data"]["content"])
                async with self._grown:
                    self._grown.notify_all()
                if change < CHANGES:
                    data = {"content": f"{text}, changed {change + 1} times"}
                    seen = {"blob_id": blob["id"], "base_revision": blob["revision"]}
                    answer = await self._said(device, "update_blob", data=data, **seen)

    async def has_reached(self, notes: int) -> None:
        """Returns when so many notes were acknowledged."""
        async with asyncio.timeout(60), self._grown:
            await self._grown.wait_for(lambda: len(self.confirmed) >= notes)

    @staticmethod
    async def _said(device: Device, action: str, **fields: object) -> Frame | None:
        try:
            answer = await device.ask(action, **fields)
        except Lost:
            return None
        return answer if answer["type"] == "ok" else None


async def check_nothing_is_lost(person: Person, writing: Writing) -> set[str]:
    """Every note is there with at least what was confirmed of it; the ids of all that are there, confirmed or not."""
    there = {blob["id"]: blob for blob in await person.all("/blobs")}
    for id, (revision, text) in writing.confirmed.items():
        assert id in there, f"{text!r} was acknowledged and is gone"
        assert there[id]["revision"] >= revision
        if there[id]["revision"] == revision:
            assert there[id]["data"]["content"] == text
    return set(there)


async def check_all_is_told(person: Person, device: Device, heard: list[Frame]) -> None:
    """Each note that is there is told, each of its revisions once by event id and in order, and nothing else is.

    `heard` is what the device has told so far; the rest is waited for.
    """
    there = {blob["id"]: blob["revision"] for blob in await person.all("/blobs")}
    while (told := revisions(heard)) != {id: [*range(1, last + 1)] for id, last in there.items()}:
        beyond = {id: numbers for id, numbers in told.items() if numbers[-1] > there.get(id, 0)}
        assert beyond == {}, "told, and not there"
        heard += await device.until(lambda frame: frame["type"] in ("blob.created", "blob.updated"))


def revisions(heard: list[Frame]) -> dict[str, list[int]]:
    """The revisions of each note in the order in which they were first told; what has the same event id is the same."""
    found: dict[str, list[int]] = defaultdict(list)
    by_event = {frame["event_id"]: frame for frame in heard if frame["type"] in ("blob.created", "blob.updated")}
    for frame in by_event.values():
        found[frame["blob_id"]].append(frame["revision"])
    return dict(found)
