"""Descriptions of the properties of imports, by name."""

from collections.abc import Mapping
from typing import Final

TRANSFER_PROPERTIES: Final[Mapping[str, str]] = {
    "TransferTask.name": "The name of the file.",
    "TransferTask.report": "What was made, and everything that was not understood; null before the end.",
    "TransferTask.progress": "The share of it that is done, from 0 to 1.",
    "TransferTask.bucket_id": "The bucket that it comes into; null for the top.",
    "TransferTask.format": "What it was said to be.",
    "TransferTask.kind": "What is done.",
    "TransferTask.error": "Why it failed; null when it did not.",
    "atomic": "True for all of it or nothing.",
    "ImportReport.format": "What it was found to be.",
    "ImportReport.buckets": "How many buckets were made.",
    "ImportReport.blobs": "How many blobs were made.",
    "ImportReport.places": "How many places in buckets they were given.",
    "ImportReport.revisions": "How many earlier revisions of them came along.",
    "ImportReport.files": "How many files came along.",
    "ImportReport.schemas": "How many schemas came along.",
    "ImportReport.already_there": "How many blobs were there already, from an earlier import.",
    "ImportReport.left_out": "How many entries are not in the studio.",
    "ImportReport.bucket_ids": "The buckets at the top of what was imported.",
    "ImportReport.notes": "The first 200 notes about entries that were left out, changed or not understood.",
    "note_count": "How many notes there are.",
    "ImportNote.path": "The entry.",
    "ImportNote.what": "What became of it.",
    "ImportNote.reason": "The reason, in words for people.",
}
