"""The frames that the device of a key that is limited to buckets receives."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec.structs import replace

from reyna.domain.errors import Fault
from reyna.services.studio.events.key_events import narrow_event_data
from reyna.services.studio.gateway.bucket_tree import SUBTREE_TYPES, BucketTree
from reyna.services.studio.gateway.frames import Frame, encode

MAX_KNOWN_BLOBS: Final = 1_000  # whose runs are told of without a question
BlobCheck = Callable[[str], Awaitable[bool]]
"""Tells whether the key reaches a blob."""


class KeyFrames:
    """Narrows frames to what the key reaches.

    An event of a run names its blob and no bucket: whether the key reaches the blob is asked once, and again after
    anything was moved.
    """

    __slots__ = ("_blobs", "_check_blob", "_roots", "_tree")

    def __init__(self, roots: frozenset[str], tree: BucketTree, check_blob: BlobCheck) -> None:
        self._roots, self._tree, self._check_blob = roots, tree, check_blob
        self._blobs: dict[str, asyncio.Task[bool]] = {}

    def narrow(self, frame: Frame) -> Frame | None:
        """Returns what the key may see of a frame that names buckets, or None for nothing."""
        if frame.type in SUBTREE_TYPES or frame.type.startswith("bucket.blob."):
            self._blobs.clear()
        body = narrow_event_data(frame.body, self._is_within)
        return None if body is None else replace(frame, body=body, plain=encode(body).decode())

    def run_blob_of(self, frame: Frame) -> asyncio.Task[bool] | None:
        """Returns the answer to whether the key reaches the blob of a run, or None for a frame of no run."""
        blob_id = frame.body.get("blob_id")
        if frame.buckets or not frame.type.startswith("processor.") or not isinstance(blob_id, str):
            return None
        known = self._blobs.get(blob_id)
        if known is None:
            if len(self._blobs) >= MAX_KNOWN_BLOBS:
                self._blobs.clear()
            known = self._blobs[blob_id] = asyncio.create_task(self._is_blob_within(blob_id))
        return known

    def _is_within(self, bucket_id: str) -> bool:
        return self._tree.is_within(bucket_id, self._roots)

    async def _is_blob_within(self, blob_id: str) -> bool:
        try:
            return await self._check_blob(blob_id)
        except Fault:  # better to leave a frame out than to send one too many
            self._blobs.pop(blob_id, None)
            return False
