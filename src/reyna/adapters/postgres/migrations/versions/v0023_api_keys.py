"""API keys, and the Idempotency-Keys of the studio, which it had no need of before."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0023_api_keys"
down_revision = "v0022_templates"
branch_labels = None
depends_on = None

COLLECTIONS = [
    collection("studio.keys", "created_at timestamptz", "created_at, id"),
    collection("studio.requests", "created_at timestamptz, made_id text", "created_at, id"),
]


def upgrade() -> None:
    for lines in COLLECTIONS:
        for statement in lines:
            op.execute(statement)
