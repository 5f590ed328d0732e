"""The language models of users."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0013_models"
down_revision = "v0012_run_queue"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in collection("processors.models", "created_at timestamptz", "created_at, id"):
        op.execute(statement)
