"""The audit log: entries and the head of the chain of each user."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0024_audit"
down_revision = "v0023_api_keys"
branch_labels = None
depends_on = None

COLLECTIONS = [collection("studio.audit", "at timestamptz", "at, id"), collection("studio.audit_heads", "")]


def upgrade() -> None:
    for lines in COLLECTIONS:
        for statement in lines:
            op.execute(statement)
