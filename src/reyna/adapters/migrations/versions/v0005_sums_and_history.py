"""What a user has in sums; names of revisions, long upgrades, how schemas are used; when a blob's data last changed."""

from alembic import op

from reyna.adapters.migrations.tables import collection

revision = "v0005_sums_and_history"
down_revision = "v0004_requests"
branch_labels = None
depends_on = None

SERVICES = ("schemas", "state", "processors", "studio")
COLLECTIONS = [
    collection("state.names", "blob_id text, number bigint", "blob_id, number, id"),
    collection("state.upgrades", "created_at timestamptz", "created_at, id"),
    collection("schemas.usage", "schema_id text, day text", "schema_id, day, id"),
]
# A blob of before has no other mark of it than its revision, which is never too small.
DATA_REVISION = [
    "alter table state.blobs add column data_revision bigint, add column size bigint",
    "update state.blobs set data_revision = revision, size = coalesce((body::jsonb ->> 'size')::bigint, 0)",
]
SO_FAR = [
    "insert into state.sums select user_id, 'blobs', count(*) from state.blobs group by 1",
    "insert into state.sums select user_id, 'bytes', sum(size) from state.blobs group by 1",
    "insert into state.sums select user_id, 'buckets', count(*) from state.buckets group by 1",
]


def upgrade() -> None:
    for service in SERVICES:
        op.execute(
            f"""create table {service}.sums (
                user_id text collate "C" not null, name text collate "C" not null, value bigint not null,
                primary key (user_id, name)
            )"""
        )
        # Each row is written again and again: room on its page keeps the index out of it.
        op.execute(f"alter table {service}.sums set (fillfactor = 50)")
    for lines in COLLECTIONS:
        for statement in lines:
            op.execute(statement)
    for statement in [*DATA_REVISION, *SO_FAR]:
        op.execute(statement)
