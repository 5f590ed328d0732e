"""Tasks: imports that run in the background."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0027_tasks"
down_revision = "v0026_webhooks"
branch_labels = None
depends_on = None

TASKS = collection("state.tasks", "created_at timestamptz", "created_at, id")


def upgrade() -> None:
    for statement in TASKS:
        op.execute(statement)
