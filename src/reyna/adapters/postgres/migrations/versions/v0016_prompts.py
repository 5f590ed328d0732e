"""The prompts of runs."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0016_prompts"
down_revision = "v0015_costs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in collection(
        "processors.prompts", "run_id text, sent_at timestamptz", "run_id, sent_at, id", "sent_at, id"
    ):
        op.execute(statement)
