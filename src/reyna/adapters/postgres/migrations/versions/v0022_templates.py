"""Templates of users, and their documents."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0022_templates"
down_revision = "v0021_links"
branch_labels = None
depends_on = None

TEMPLATES = collection("state.templates", "")
DOCUMENTS = collection("state.template_documents", "")


def upgrade() -> None:
    for statement in (*TEMPLATES, *DOCUMENTS):
        op.execute(statement)
