"""Failed attempts to sign in, counted for all gateways together, and the identity of the installation."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0006_sign_in_limits"
down_revision = "v0005_sums_and_history"
branch_labels = None
depends_on = None

COLLECTIONS = [
    collection("studio.tries", "expires_at timestamptz", "expires_at, id"),
    collection("studio.installation", ""),
]


def upgrade() -> None:
    for lines in COLLECTIONS:
        for statement in lines:
            op.execute(statement)
