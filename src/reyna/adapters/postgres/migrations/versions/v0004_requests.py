"""The results of requests by Idempotency-Key."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0004_requests"
down_revision = "v0003_journal"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in collection("state.requests", "created_at timestamptz", "created_at, id"):
        op.execute(statement)
