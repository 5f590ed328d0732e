"""Webhooks of users, their deliveries, and the idempotency keys of the studio."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0023_webhooks"
down_revision = "v0022_templates"
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
REQUESTS = collection(
    "studio.webhook_requests", "created_at timestamptz, made_id text", "created_at, id", "made_id, id"
)


def upgrade() -> None:
    for statement in (*WEBHOOKS, *DELIVERIES, *REQUESTS):
        op.execute(statement)
