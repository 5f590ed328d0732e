"""Files, uploads under way, and the references of blobs to files."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0018_files"
down_revision = "v0017_pipelines"
branch_labels = None
depends_on = None

FILES = collection(
    "state.files",
    "created_at timestamptz, size bigint, collecting boolean, unused_since timestamptz, upload_id text",
    "created_at, id",
    "upload_id, id",
)
UPLOADS = collection("state.uploads", '"offset" bigint, file_id text, expires_at timestamptz', "expires_at, id")
REFERENCES = collection("state.file_references", "blob_id text, file_id text", "blob_id, id", "file_id, id")


def upgrade() -> None:
    for statement in (*FILES, *UPLOADS, *REFERENCES):
        op.execute(statement)
