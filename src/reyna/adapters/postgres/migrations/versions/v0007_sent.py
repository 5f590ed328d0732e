"""The events that each service has sent to EVENTS, stored so that lost ones can be sent again."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0007_sent"
down_revision = "v0006_sign_in_limits"
branch_labels = None
depends_on = None

SERVICES = ("schemas", "state", "processors", "studio")


def upgrade() -> None:
    for service in SERVICES:
        columns = "stream text, last bigint, sent_at timestamptz"
        for statement in collection(f"{service}.sent", columns, "stream, last, id", "stream, id", "sent_at, id"):
            op.execute(statement)
