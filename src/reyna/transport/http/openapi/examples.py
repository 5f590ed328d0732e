"""Examples of requests and responses; a test validates each of them."""

from collections.abc import Mapping
from typing import Any, Final

BLOB: Final = "blob-01k8x2v9q3f6m7t0c4d5e6f7g8"
BUCKET: Final = "bucket-01k8x2t5h1a2b3c4d5e6f7g8h9"
USER: Final = "user-01k8x2s0p9n8m7k6j5h4g3f2e1"
RUN: Final = "run-01k8x2wa7b8c9d0e1f2g3h4j5k"
AT: Final = "2026-11-26T18:30:00Z"

EXAMPLES: Final[Mapping[str, Any]] = {
    "Registration": {"email": "ana@example.org", "password": "a ship sails at dawn", "name": "Ana"},
    "Credentials": {"email": "ana@example.org", "password": "a ship sails at dawn"},
    "Link": {"token": "q7Wc…"},
    "AccountChange": {"name": "Ana Lima"},
    "NewBlob": {
        "schema_id": "text-input-v1",
        "data": {"content": "The ship sailed into the storm."},
        "bucket_ids": [BUCKET],
    },
    "BlobChange": {"merge_patch": {"content": "The ship sailed out of the storm."}, "base_revision": 1},
    "Blob": {
        "id": BLOB,
        "user_id": USER,
        "processor_id": "user-input",
        "schema_id": "text-input-v1",
        "schema_version": "1.0.0",
        "data": {"content": "The ship sailed into the storm."},
        "bucket_ids": [BUCKET],
        "parent_id": None,
        "derived_ids": [],
        "revision": 1,
        "data_revision": 1,
        "size": 45,
        "stale": False,
        "created_by": USER,
        "changed_by": USER,
        "author_kind": "user",
        "created_at": AT,
        "updated_at": AT,
        "trashed_at": None,
    },
    "Restoration": {"revision": 3},
    "Naming": {"name": "Before the storm was cut"},
    "NewBucket": {
        "name": "Chapter 1",
        "type": "chapter",
        "parent_bucket_id": BUCKET,
        "metadata": {"target_words": 3000},
    },
    "BucketChange": {"name": "Chapter One", "base_revision": 2},
    "Move": {"parent_bucket_id": BUCKET, "after": None},
    "Copy": {"parent_bucket_id": None, "deep": True},
    "Return": {"parent_bucket_id": None},
    "Place": {"after": None, "label": "Final"},
    "NewBulk": {
        "atomic": True,
        "operations": [
            {"action": "create_bucket", "name": "Part 1", "type": "book-part", "as": "part"},
            {"action": "move_bucket", "bucket_id": BUCKET, "parent_bucket_id": "$part"},
        ],
    },
    "Turn": {},
    "NewUpgrade": {"from": "recipe-v1", "to": "recipe-v2"},
    "NewSchema": {
        "name": "recipe",
        "json_schema": {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]},
        "description": "A dish and how it is made.",
    },
    "ToCheck": {"name": "recipe", "json_schema": {"type": "object", "properties": {"title": {"type": "string"}}}},
    "ToValidate": {"data": {"title": "Bread"}},
    "Verdict": {"valid": True, "version": "1.0.0", "errors": []},
    "Mode": {"mode": "full"},
    "Upgrade": {"steps": [{"do": "rename", "path": "/title", "to": "/name"}]},
    "NewProcessor": {
        "id": "shout",
        "version": "1.0.0",
        "name": "Shout",
        "description": "Writes everything in capitals.",
        "input_schemas": ["text-input-v1"],
        "output_schema": "text-input-v1",
        "trigger": "manual",
    },
    "NewInstance": {"processor_id": "text-expansion", "bucket_id": BUCKET, "enabled": True, "settings": {}},
    "InstanceChange": {"enabled": False},
    "NewRuns": {"processor_id": "text-expansion", "blob_ids": [BLOB]},
    "Replay": {"data": {"content": "The ship sailed into the storm."}},
    "Run": {
        "id": RUN,
        "user_id": USER,
        "processor_id": "text-expansion",
        "processor_version": "1.0.0",
        "blob_id": BLOB,
        "blob_revision": 1,
        "status": "completed",
        "attempt": 1,
        "progress": 1.0,
        "error": None,
        "output_blob_ids": ["blob-01k8x2xb1c2d3e4f5g6h7j8k9m"],
        "cost": {"model": "smollm2-135m-instruct", "input_tokens": 120, "output_tokens": 310},
        "settings": {},
        "requested_at": AT,
        "started_at": AT,
        "finished_at": AT,
    },
    "Problem": {
        "type": "about:blank",
        "status": 404,
        "code": "not_found",
        "reason": "not_found",
        "detail": "There is nothing with this id.",
    },
}
