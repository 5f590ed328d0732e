"""The logical clock of each user, and the numbers by which blobs and the trash are listed."""

from alembic import op
from sqlalchemy import Connection, text

from reyna.adapters.postgres.migrations.tables import orders

revision = "v0010_orders"
down_revision = "v0009_keys"
branch_labels = None
depends_on = None

SERVICES = ("schemas", "state", "processors", "studio")
LISTED = [
    'alter table state.blobs add column sequence text collate "C"',
    "update state.blobs set sequence = right(id, 26)",
    "drop index state.blobs_1, state.blobs_2, state.blobs_3, state.blobs_4",
    "create index blobs_1 on state.blobs (user_id, sequence, id) where trashed_at is null",
    "create index blobs_2 on state.blobs (user_id, schema_id, sequence, id) where trashed_at is null",
    "create index blobs_3 on state.blobs (user_id, processor_id, sequence, id) where trashed_at is null",
    "create index blobs_4 on state.blobs (user_id, parent_id, sequence, id) where parent_id is not null",
    "alter table state.trash add column number bigint",
    "update state.trash set number = (extract(epoch from trashed_at) * 1000000)::bigint",
    "create index trash_number on state.trash (user_id, number, id)",
    # Between two neighbours of which one is in the trash.
    "create index placements_trashed on state.placements (user_id, bucket_id, rank, id) where trashed_at is not null",
]
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
TIMES = """
    select user_id, max(number) from state.journal group by 1
    union all select user_id, max(undone) from state.journal group by 1
"""
RANKS = """
    select user_id, max(left(rank, 11)) from state.placements group by 1
    union all select user_id, max(left(rank, 11)) from state.buckets group by 1
"""
IDS = "select user_id, max(left(right(id, 26), 10)) from state.blobs group by 1"


def upgrade() -> None:
    for service in SERVICES:
        for statement in orders(service):
            op.execute(statement)
    _carry_on(op.get_bind())
    for statement in LISTED:
        op.execute(statement)


def _carry_on(connection: Connection) -> None:
    """The next numbers come behind all that there are."""
    reached: dict[str, int] = {}
    for user_id, number in connection.execute(text(TIMES)):
        reached[user_id] = max(reached.get(user_id, 0), number or 0)
    for user_id, rank in connection.execute(text(RANKS)):
        reached[user_id] = max(reached.get(user_id, 0), _number(rank.ljust(11, "0")))
    for user_id, moment in connection.execute(text(IDS)):
        reached[user_id] = max(reached.get(user_id, 0), _number(moment) * 1000)
    insert = text("insert into state.orders (user_id, number, by, others, below) values (:user_id, :number, '', 0, 0)")
    for user_id, number in reached.items():
        connection.execute(insert, {"user_id": user_id, "number": number})


def _number(digits: str) -> int:
    number = 0
    for digit in digits:
        number = number * 32 + max(ALPHABET.find(digit), 0)
    return number
