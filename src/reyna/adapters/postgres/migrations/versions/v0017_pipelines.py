"""Pipelines, and the batches that runs belong to."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0017_pipelines"
down_revision = "v0016_prompts"
branch_labels = None
depends_on = None

PIPELINES = collection("processors.pipelines", "created_at timestamptz", "created_at, id")
BATCHES = collection(
    "processors.batches",
    "status text, pipeline_id text, bucket_id text, requested_at timestamptz",
    "requested_at, id",
    "status, id",
)
SKIPPED = collection(
    "processors.skipped",
    "batch_id text, stage bigint, blob_id text, skipped_at timestamptz",
    "batch_id, stage, id",
)
RUNS = (
    'alter table processors.runs add column batch_id text collate "C", add column batch_position text collate "C"',
    "create index runs_batch on processors.runs (user_id, batch_id, batch_position, id) where batch_id is not null",
)


def upgrade() -> None:
    for statement in (*PIPELINES, *BATCHES, *SKIPPED, *RUNS):
        op.execute(statement)
