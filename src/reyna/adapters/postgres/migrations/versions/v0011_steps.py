"""The finished steps of runs, and the leases of runs that workers take over HTTPS."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0011_steps"
down_revision = "v0010_orders"
branch_labels = None
depends_on = None

LEASES = [
    "alter table processors.runs add column lease_ends_at timestamptz",
    "create index runs_leased on processors.runs (user_id, processor_id, lease_ends_at, id)"
    " where lease_ends_at is not null and status in ('requested', 'running')",
]


def upgrade() -> None:
    for statement in collection("processors.steps", "run_id text, finished_at timestamptz", "run_id, id"):
        op.execute(statement)
    for statement in LEASES:
        op.execute(statement)
