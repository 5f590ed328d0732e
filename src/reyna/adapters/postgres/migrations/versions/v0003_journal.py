"""The trash as a unit, and the journal of structural changes."""

from alembic import op

from reyna.adapters.postgres.migrations.tables import collection

revision = "v0003_journal"
down_revision = "v0001_first_tables"
branch_labels = None
depends_on = None

TRASHED_TOGETHER = ("blobs", "buckets", "placements")
COLLECTIONS = [
    collection("state.trash", "item_id text, trashed_at timestamptz", "trashed_at, id"),
    collection("state.journal", "number bigint, undone bigint", "number, id", "undone, id where undone is not null"),
]


def upgrade() -> None:
    for table in TRASHED_TOGETHER:
        op.execute(f'alter table state.{table} add column trash_id text collate "C"')
        # What is not in the trash, which is nearly everything, costs this index nothing.
        op.execute(
            f"create index {table}_trashed_together on state.{table} (user_id, trash_id, id) where trash_id is not null"
        )
    for lines in COLLECTIONS:
        for statement in lines:
            op.execute(statement)
