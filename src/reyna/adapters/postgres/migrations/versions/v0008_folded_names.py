"""The searchable form of names, as a column of buckets and blobs."""

from collections.abc import Callable
from typing import Any

from alembic import op
from sqlalchemy import text

from reyna.domain.text.folding import fold, folded_name_of

revision = "v0008_folded_names"
down_revision = "v0007_sent"
branch_labels = None
depends_on = None

BATCH_ROWS = 1_000
BUCKETS = "select user_id, id, name from state.buckets t"
# Of the data of a blob only the beginnings in which a name is looked for: all of it may be megabytes.
BLOBS = """
    select user_id, id, left(title #>> '{}', 200), left(content #>> '{}', 200), left(expanded #>> '{}', 200)
    from state.blobs t
    cross join lateral (select t.body::jsonb -> 'data' as data) d
    cross join lateral (
        select case when jsonb_typeof(data -> 'title') = 'string' then data -> 'title' end as title,
            case when jsonb_typeof(data -> 'content') = 'string' then data -> 'content' end as content,
            case when jsonb_typeof(data -> 'expanded') = 'string' then data -> 'expanded' end as expanded
    ) s
"""
FILL = """
    update state.{table} t set folded_name = v.name
    from unnest(cast(:users as text[]), cast(:ids as text[]), cast(:names as text[])) as v(user_id, id, name)
    where t.user_id = v.user_id and t.id = v.id
"""


def upgrade() -> None:
    for table in ("buckets", "blobs"):
        op.execute(f'alter table state.{table} add column folded_name text collate "C"')
    fill("buckets", BUCKETS, lambda name: fold(name))
    fill("blobs", BLOBS, lambda title, content, expanded: name_of(title=title, content=content, expanded=expanded))


def name_of(**beginnings: str | None) -> str:
    return folded_name_of({field: value for field, value in beginnings.items() if value is not None})


def fill(table: str, select: str, name: Callable[..., str]) -> None:
    connection = op.get_bind()
    page = text(f"{select} where (t.user_id, t.id) > (:user, :id) order by t.user_id, t.id limit {BATCH_ROWS}")
    at: dict[str, Any] = {"user": "", "id": ""}
    while rows := connection.execute(page, at).all():
        values = {
            "users": [row[0] for row in rows],
            "ids": [row[1] for row in rows],
            "names": [name(*row[2:]) for row in rows],
        }
        connection.execute(text(FILL.format(table=table)), values)
        at = {"user": rows[-1][0], "id": rows[-1][1]}
