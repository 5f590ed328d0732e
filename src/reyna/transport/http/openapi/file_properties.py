"""Descriptions of the properties of files and uploads, by name."""

from collections.abc import Mapping
from typing import Final

FILE_PROPERTIES: Final[Mapping[str, str]] = {
    "FileInfo.id": "The id, which follows from the content.",
    "FileInfo.name": "The name that the file came with first, at most 255 characters.",
    "FileInfo.size": "Bytes of the content.",
    "sha256": "SHA-256 of the content, in hexadecimal.",
    "media_type": "The media type, found in the content.",
    "width": "Width in pixels, where it is known.",
    "height": "Height in pixels, where it is known.",
    "duration": "Length in seconds, where it is known.",
    "peaks": "The waveform, as the highest amplitude from 0 to 1 of each of its sections, where it is known.",
    "Upload.name": "The name that the file will have.",
    "Upload.size": "Bytes of the whole content; null while they are not known.",
    "offset": "Bytes that are stored.",
    "file_id": "The file that it became; null before.",
    "expires_at": "The time at which it is given up, unless something comes before.",
    "files": "Files that are kept.",
    "file_bytes": "Bytes of files, those of uploads under way included.",
}
