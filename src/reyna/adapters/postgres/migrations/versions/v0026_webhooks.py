"""Webhooks of users, and their deliveries."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0026_webhooks"
down_revision = "v0025_passages"
branch_labels = None
depends_on = None

WEBHOOKS = collection("studio.webhooks", "created_at timestamptz", "created_at, id")
DELIVERIES = collection(
    "studio.webhook_deliveries",
    "webhook_id text, number bigint, event_id text, status text, due_at timestamptz",
    "webhook_id, number, id",
    "webhook_id, event_id, id",
    "webhook_id, due_at, id where status = 'pending'",
)


def upgrade() -> None:
    for statement in (*WEBHOOKS, *DELIVERIES):
        op.execute(statement)
