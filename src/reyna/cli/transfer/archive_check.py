"""Checks an archive against its manifest: an export that lacks anything must not look like a backup."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from reyna.domain.errors import Fault
from reyna.services.state.transfer.layout.entry_names import MANIFEST
from reyna.services.state.transfer.layout.facts import ArchiveManifest

READ_BYTES: Final = 1024 * 1024


def check_archive(path: Path, on_progress: Callable[[int, int], None]) -> ArchiveManifest:
    """Reads every entry and returns the manifest; `on_progress` is called with the bytes that were read, and all.

    Raises Fault when something is missing or different.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = msgspec.json.decode(archive.read(MANIFEST), type=ArchiveManifest)
            if {*archive.namelist()} != {entry.path for entry in manifest.entries} | {MANIFEST}:
                raise Fault("The archive does not hold what its manifest lists. Export again.")
            total, done = sum(entry.size for entry in manifest.entries), 0
            for entry in manifest.entries:
                digest = hashlib.sha256()
                with archive.open(entry.path) as content:
                    while chunk := content.read(READ_BYTES):
                        digest.update(chunk)
                        done += len(chunk)
                        on_progress(done, total)
                if digest.hexdigest() != entry.sha256:
                    raise Fault(f"{entry.path} did not arrive as it was sent. Export again.")
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, msgspec.MsgspecError) as error:
        raise Fault("The archive did not arrive whole. Export again.") from error
    return manifest
