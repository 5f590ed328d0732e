"""The costs of each user by day, their spending caps, and the calls that are reserved below them."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0015_costs"
down_revision = "v0014_processor_versions"
branch_labels = None
depends_on = None

TABLES = (
    collection("processors.costs", ""),
    collection("processors.spending_caps", ""),
    collection("processors.reservations", "expires_at timestamptz", "expires_at, id"),
)


def upgrade() -> None:
    for statement in (one for table in TABLES for one in table):
        op.execute(statement)
