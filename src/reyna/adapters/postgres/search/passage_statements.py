"""The SQL of the passages of the search index."""

from typing import Final

from reyna.adapters.postgres.search.statements import CONDITIONS, FACTS

CREATE_EXTENSION: Final = "create extension if not exists vector"
HAS_EXTENSION: Final = "select exists(select from pg_extension where extname = 'vector')"
PREPARATION: Final = "reyna.search passages"  # for which copies of the service wait for each other
BEGIN_PREPARATION: Final = f"begin; select pg_advisory_xact_lock(hashtextextended('{PREPARATION}', 0))"
MODEL: Final = "select true from search.passage_model where model = $1 and dimensions = $2"
DIMENSIONS: Final = "select dimensions from search.passage_model"
SET_MODEL: Final = """
    insert into search.passage_model (one, model, dimensions) values (true, $1, $2)
    on conflict (one) do update set model = excluded.model, dimensions = excluded.dimensions
"""
ALL_WAIT: Final = """
    insert into search.waiting (user_id, id, due_at) select user_id, id, now() from search.entries
    on conflict (user_id, id) do update set version = waiting.version + 1, due_at = excluded.due_at, attempts = 0
"""
WAIT_AGAIN: Final = """
    insert into search.waiting (user_id, id, due_at)
    select user_id, id, now() from search.entries where user_id = $1 and id = any($2)
    on conflict (user_id, id) do update set version = waiting.version + 1, due_at = excluded.due_at, attempts = 0
"""
# One entry of the next user who has any, so that nobody waits for the import of another.
TAKE: Final = """
    with next as materialized (
        select user_id, id from search.waiting where user_id > $1 and due_at <= now()
        order by user_id, due_at limit 1 for update skip locked
    ), taken as materialized (
        update search.waiting w set due_at = now() + interval '5 minutes', attempts = w.attempts + 1
        from next where w.user_id = next.user_id and w.id = next.id returning w.user_id, w.id, w.version
    )
    select t.user_id, t.id, t.version, coalesce(e.title, '') as title, coalesce(e.body, '') as text
    from taken t left join search.entries e on e.user_id = t.user_id and e.id = t.id
"""
ARRIVE: Final = "delete from search.waiting where user_id = $1 and id = $2 and version = $3 returning true"
REMOVE: Final = "delete from search.passages where user_id = $1 and id = any($2)"
CLEAR: Final = "delete from search.passages where user_id = $1"
ADD: Final = """
    insert into search.passages (user_id, id, number, start_at, end_at, vector)
    select $1, $2, number, start_at, end_at, vector::text::halfvec
    from unnest($3::int[], $4::int[], $5::text[]) with ordinality as new(start_at, end_at, vector, number)
"""
# Each failed attempt doubles the time, up to some hours.
POSTPONE: Final = """
    update search.waiting set due_at = now() + make_interval(secs => $4 * power(2, least(attempts, 8)))
    where user_id = $1 and id = $2 and version = $3
"""
COUNT_WAITING: Final = "select count(*) from search.waiting"
COUNT: Final = "select count(*) from (select from search.passages where user_id = $1 limit $2) counted"
DISTANCE: Final = "p.vector <=> $11::text::halfvec"
ENTRY: Final = f"select e.* from search.entries e where e.user_id = $1 and e.id = near.id and {CONDITIONS} offset 0"  # noqa: S608
# The sum keeps the HNSW index from an exact comparison.
EXACT: Final = f"""
    with near as materialized (
        select p.id, p.start_at, p.end_at, {DISTANCE} as distance
        from search.passages p where p.user_id = $1 order by ({DISTANCE}) + 0 limit $12
    )
    select {FACTS}, 1 - near.distance, near.start_at, near.end_at
    from near cross join lateral ({ENTRY}) e order by near.distance
"""  # noqa: S608
NARROW: Final = f"""
    select {FACTS}, 1 - ({DISTANCE.replace("p.", "near.")}), near.start_at, near.end_at
    from search.passages near cross join lateral ({ENTRY}) e
    where near.user_id = $1 order by {{order}} limit $12
"""  # noqa: S608
NARROW_EXACT: Final = NARROW.format(order=f"({DISTANCE.replace('p.', 'near.')}) + 0")
NARROW_INDEXED: Final = NARROW.format(order=DISTANCE.replace("p.", "near."))
# The index gives passages of all users by their distance, and goes on until there are enough of this one.
BEGIN_INDEXED: Final = """
    begin read only; set local hnsw.iterative_scan = 'relaxed_order'; set local hnsw.ef_search = 200;
    set local hnsw.max_scan_tuples = 100000; set local enable_sort = off
"""


def create_tables(dimensions: int, *, has_index: bool) -> tuple[str, ...]:
    """Returns the statements that create the table of passages anew for vectors of so many dimensions."""
    index = "create index passages_vector on search.passages using hnsw (vector halfvec_cosine_ops)"
    return (
        "drop table if exists search.passages",
        f"""create table search.passages (
            user_id text collate "C" not null, id text collate "C" not null, number int not null,
            start_at int not null, end_at int not null, vector halfvec({dimensions}) not null,
            primary key (user_id, id, number)
        )""",
        *((index,) if has_index else ()),
    )
