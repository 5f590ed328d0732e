"""The registered versions of processors."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0014_processor_versions"
down_revision = "v0013_models"
branch_labels = None
depends_on = None

VERSIONS = collection(
    "processors.versions", "processor_id text, updated_at timestamptz", "processor_id, updated_at, id"
)


def upgrade() -> None:
    for statement in VERSIONS:
        op.execute(statement)
