"""Copies of the documents of a service: out of one snapshot, and back as they were."""

from collections.abc import AsyncIterator

from reyna.adapters.mongo.document_copy import document_copies


async def read_all(url: str) -> dict[str, bytes]:
    """Each collection with its documents as BSON."""
    found: dict[str, bytes] = {}
    async with document_copies(url, "state_") as copies, copies.snapshot():
        for name in await copies.list_collections():
            pieces: list[bytes] = []

            async def feed(data: bytes, pieces: list[bytes] = pieces) -> None:
                pieces.append(data)

            await copies.copy(name, feed)
            found[name] = b"".join(pieces)
    return found


async def test_documents_come_back_as_they_were(mongo_url: str) -> None:
    async with document_copies(mongo_url, "state_") as copies:
        collection = copies.database["state_blobs"]
        await collection.insert_many(
            [{"_id": f"ana/blob-{number:04}", "user_id": "ana", "body": "é" * number} for number in range(1_500)]
        )
        await copies.database["other"].insert_one({"_id": "not ours"})
    before = await read_all(mongo_url)
    assert set(before) == {"state_blobs"}

    async def pieces() -> AsyncIterator[bytes]:
        content = before["state_blobs"]
        for start in range(0, len(content), 10_000):
            yield content[start : start + 10_000]

    async with document_copies(mongo_url, "state_") as copies:
        await copies.database["state_blobs"].insert_one({"_id": "bo/blob-1", "user_id": "bo"})
        await copies.fill("state_blobs", pieces())
        assert await read_all(mongo_url) == before
        await copies.drop()
        assert await copies.list_collections() == []
        assert await copies.database["other"].count_documents({}) == 1
