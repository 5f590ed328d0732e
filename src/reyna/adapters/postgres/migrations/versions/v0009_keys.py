"""Idempotency-Keys in every service that creates records, and their index by the created record."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0009_keys"
down_revision = "v0008_folded_names"
branch_labels = None
depends_on = None

BY_WHAT_THEY_MADE = [
    'alter table state.requests add column made_id text collate "C"',
    "update state.requests set made_id = body::jsonb ->> 'made_id'",
    "create index requests_made on state.requests (user_id, made_id, id)",
]


def upgrade() -> None:
    for statement in BY_WHAT_THEY_MADE:
        op.execute(statement)
    for service in ("schemas", "processors"):
        columns = "created_at timestamptz, made_id text"
        for statement in collection(f"{service}.requests", columns, "created_at, id"):
            op.execute(statement)
