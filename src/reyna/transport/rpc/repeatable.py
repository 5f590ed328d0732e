"""Verbs that may be called a second time when the called copy of a service is gone before it has answered."""

from typing import Final

# They change nothing.
CONTENT_READS: Final = frozenset(
    (
        *("blobs.get", "blobs.get_stored", "blobs.list", "blobs.list_in_buckets", "lineage.get", "lineage.paths"),
        *("imports.get", "imports.list"),
        *("files.get", "files.list", "files.read", "quota.usage", "uploads.get"),
        *("exports.blobs", "exports.bucket", "exports.bucket_schema", "exports.outline"),
        *("exports.places", "exports.schema", "exports.unplaced", "exports.with_history"),
        *("revisions.diff", "revisions.get", "revisions.list", "search.find"),
        *("templates.document", "templates.get", "templates.list"),
    )
)
STRUCTURE_READS: Final = frozenset(
    (
        *("buckets.containing", "buckets.forest", "buckets.get", "buckets.list", "buckets.parents", "buckets.tree"),
        "contents.list",
        *("integrity.examine", "integrity.list_users", "journal.list", "placements.list_items", "trash.list"),
        *("upgrades.get", "upgrades.list"),
    )
)
SCHEMA_READS: Final = frozenset(
    (
        "compatibility.check",
        "usage.get",
        "validation.validate",
        "versions.get",
        "versions.list",
        "versions.list_versions",
    )
)
PROCESSOR_READS: Final = frozenset(
    (
        *("batches.get", "batches.list", "batches.list_skipped", "pipelines.get", "pipelines.list"),
        "costs.list",
        "dead_letters.list",
        "estimates.compute",
        "instances.list",
        "models.list",
        "prompts.get",
        "registry.get",
        "registry.health",
        "registry.list",
        "registry.list_versions",
        "run_models.get",
        "runs.get",
        "runs.list",
        "runs.usage",
        "spending.get_cap",
        "steps.get",
    )
)
STUDIO_READS: Final = frozenset(("find_account", "identify", "installation_name", "list_members", "verify_audit"))
READS: Final = CONTENT_READS | STRUCTURE_READS | SCHEMA_READS | PROCESSOR_READS | STUDIO_READS
# The id of what they create, of this kind, is part of the call: created twice, it is there once.
CREATES: Final = {"blobs.create": "blob", "buckets.create": "bucket"}
# A second call returns what is there already.
IDEMPOTENT_CHANGES: Final = frozenset(
    {"blobs.change", "blobs.create_all", "prompts.put", "search.reindex", "steps.put"}
)


def is_repeatable(verb: str, arguments: dict[str, object]) -> bool:
    """Tells whether a verb (`part.verb` for a verb of a part) may be called twice with these arguments, by name."""
    return verb in READS or verb in CREATES or verb in IDEMPOTENT_CHANGES or arguments.get("key") is not None
