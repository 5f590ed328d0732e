"""The ids of what an import makes: they follow from the account, the place and the archive, so that a repeat is
harmless."""

import re
from typing import Any, Final

import msgspec

from reyna.domain.ids import derive_id
from reyna.domain.json.data import encode_json

MENTION: Final = re.compile(rb"\b(?:blob|bucket)-[0-7][0-9a-hjkmnp-tv-z]{25}\b")
MARKS: Final = (b"blob-", b"bucket-")


class ImportIds:
    """Derives ids. `generation` is larger than 0 where an earlier import of the same archive is in the trash."""

    def __init__(self, user_id: str, target: str | None, generation: int) -> None:
        self._scope = (user_id, target or "", generation)
        self.keys: frozenset[str] = frozenset()

    def bucket(self, key: str) -> str:
        """Returns the id of the bucket with this key."""
        return derive_id("bucket", key, *self._scope)

    def blob(self, key: str) -> str:
        """Returns the id of the blob with this key."""
        return derive_id("blob", key, *self._scope)

    def translate(self, data: Any) -> Any:
        """Returns the data with what it mentions of the archive under the new ids, which are as long as the old."""
        if not self.keys:
            return data
        body = encode_json(data)
        if not any(mark in body for mark in MARKS):
            return data
        return msgspec.json.decode(MENTION.sub(lambda found: self._translated(found[0]), body))

    def _translated(self, mention: bytes) -> bytes:
        key = mention.decode()
        if key not in self.keys:
            return mention
        return (self.bucket(key) if key.startswith("bucket-") else self.blob(key)).encode()
