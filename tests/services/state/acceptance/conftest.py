"""A note of ana's, its expansion, and what she accepts of it."""

from typing import Any, Final

import pytest
from msgspec.structs import replace

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.requests.acceptance import NewAcceptance
from reyna.domain.requests.idempotency import Key
from reyna.ports.store import Store
from reyna.services.state.service import State
from tests.services.state.conftest import ContentBuilder

NOTE: Final = (
    "The harbour lay empty.\n\nMarta untied the boat before anyone woke.\n\nBy noon the lighthouse was out of sight."
)
EXPANDED: Final = (
    "The harbour lay empty, and the gulls had the quay to themselves.\n\n"
    "Before anyone woke, Marta untied the boat, and the wet rope burned her palms.\n\n"
    "By noon the lighthouse was out of sight, and there was nothing left to steer by."
)
PARTS: Final = EXPANDED.split("\n\n")


@pytest.fixture
def store(memory_store: Store) -> Store:
    return memory_store


class Accepting:
    """A note with its expansions, and the acceptance of them."""

    def __init__(self, state: State, caller: Caller, note: Blob) -> None:
        self.state, self.caller, self.note = state, caller, note

    async def derive(
        self, text: str = EXPANDED, of: Blob | None = None, schema_id: str = "expanded-text-v1", **more: Any
    ) -> Blob:
        """Makes a blob as a run of the expansion does."""
        worker = replace(self.caller, kind="processor", processor_id="text-expansion", run_id="run-1")
        source = of or await self.state.blobs.get(self.caller, self.note.id)
        data = {"original": "x", "expanded": text, "expansion_ratio": 2.0, "model": "small-1"} | more.pop("data", {})
        if schema_id != "expanded-text-v1":
            data = {"content": text}
        new = NewBlob(processor_id="text-expansion", schema_id=schema_id, data=data, parent_id=source.id)
        return await self.state.blobs.create(worker, new, parent_revision=source.data_since)

    async def accept(
        self,
        derived: Blob,
        *paragraphs: int,
        of: Blob | None = None,
        base_revision: int | None = None,
        key: Key = None,
    ) -> Blob:
        new = NewAcceptance(derived_blob_id=derived.id, paragraphs=paragraphs or None, base_revision=base_revision)
        return await self.state.acceptances.accept(self.caller, (of or self.note).id, new, key=key)

    async def edit(self, blob: Blob, content: str, by: Caller | None = None) -> Blob:
        change = BlobChange(merge_patch={"content": content}, base_revision=blob.revision)
        return await self.state.blobs.change(by or self.caller, blob.id, change)


def kinds(blob: Blob) -> list[str]:
    return [entry["from"]["kind"] for entry in blob.data["paragraphs"]]


def texts(blob: Blob) -> list[str]:
    """The paragraphs, which are those of the content."""
    found = [entry["text"] for entry in blob.data["paragraphs"]]
    assert "\n\n".join(found) == blob.data["content"]
    return found


@pytest.fixture
async def accepting(state: State, ana: Caller, anas: ContentBuilder) -> Accepting:
    return Accepting(state, ana, await anas.note(NOTE))
