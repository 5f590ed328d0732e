"""Semantic search: the entries that wait for their vectors, and the model whose vectors are kept.

The table of the passages themselves needs the extension `vector`, and is created where there is one.
"""

from alembic import op

revision = "v0025_passages"
down_revision = "v0024_audit"
branch_labels = None
depends_on = None

TABLES = (
    """create table search.waiting (
        user_id text collate "C" not null, id text collate "C" not null, version bigint not null default 0,
        due_at timestamptz not null, attempts int not null default 0, primary key (user_id, id)
    )""",
    "create index waiting_due on search.waiting (user_id, due_at)",
    """create table search.passage_model (
        one boolean primary key default true check (one), model text not null, dimensions int not null
    )""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
