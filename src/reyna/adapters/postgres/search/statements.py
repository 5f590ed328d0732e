"""The SQL of the search index."""

from typing import Final

# Refreshes of one user follow each other, in all processes. One round trip, so there are no arguments: the number
# stands for the user. The plan of a search depends on its words, that of a refresh does not.
BEGIN_TURN: Final = """
    begin; set local plan_cache_mode = force_generic_plan; select pg_advisory_xact_lock({number})
"""
COLUMNS: Final = {
    "id": "text",
    "kind": "text",
    "revision": "bigint",
    "data_since": "bigint",
    "type": "text",
    "schema_id": "text",
    "processor_id": "text",
    "parent_id": "text",
    "parent_revision": "bigint",
    "bucket_ids": "text",
    "language": "text",
    "title": "text",
    "body": "text",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "is_trashed": "boolean",
    "words": "text",
}
CONVERTED: Final = {"bucket_ids": "string_to_array(bucket_ids, ' ')", "words": "words::tsvector"}
EMBEDDING_PAUSE_SECONDS: Final = 3  # after the last change of a text until its vectors are made
# All of a refresh in one statement: the entries, those of them that wait for new vectors, and the numbers of entries
# that each word is in. It returns the words that are new, and those that are in no entry any more. Its parts see the
# entries as they were before.
REPLACE: Final = f"""
    with new as materialized (
        select * from unnest({", ".join(f"${number}::{kind}[]" for number, kind in enumerate(COLUMNS.values(), 7))})
            as new({", ".join(COLUMNS)})
    ), put as (
        insert into search.entries (user_id, {", ".join(COLUMNS)})
        select $1, {", ".join(CONVERTED.get(name, name) for name in COLUMNS)} from new
        on conflict (user_id, id) do update
        set {", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "id")}
    ), removed as (
        delete from search.entries where user_id = $1 and id = any($3)
    ), waiting_no_more as (
        delete from search.waiting where user_id = $1 and id = any($3)
    ), waiting as (
        insert into search.waiting as w (user_id, id, due_at)
        select $1, id, now() + make_interval(secs => {EMBEDDING_PAUSE_SECONDS}) from new where not exists (
            select from search.entries e
            where e.user_id = $1 and e.id = new.id and e.title = new.title and e.body = new.body
        )
        on conflict (user_id, id) do update set version = w.version + 1, due_at = excluded.due_at, attempts = 0
    ), changes as (
        select word, sum(change)::bigint as change from (
            select word, change from unnest($5::text[], $6::bigint[]) as new(word, change)
            union all
            select substr(lexeme, length($4) + 1), -1
            from search.entries e cross join lateral unnest(tsvector_to_array(e.words)) lexeme
            where e.user_id = $1 and e.id = any($2) and starts_with(lexeme, $4)
        ) c group by word having sum(change) <> 0
    ), counted as (
        insert into search.words as w (user_id, word, entries) select $1, word, change from changes order by word
        on conflict (user_id, word) do update set entries = w.entries + excluded.entries
        returning word, entries, xmax = 0 as is_new
    )
    select word, entries > 0 from counted where is_new or entries <= 0
"""  # noqa: S608 - the names are those above
ADD_LANGUAGES: Final = """
    insert into search.users as u (user_id, languages) values ($1, $2)
    on conflict (user_id) do update set languages = (
        select array_agg(distinct language order by language) from unnest(u.languages || excluded.languages) language
    ) where not u.languages @> excluded.languages
"""
LANGUAGES: Final = "select languages from search.users where user_id = $1"
VERSION: Final = "select version from search.users where user_id = $1"
SET_VERSION: Final = """
    insert into search.users (user_id, version) values ($1, $2) on conflict (user_id) do update set version = $2
"""
HAS_PASSAGES: Final = "select to_regclass('search.passages') is not null"  # they need an extension
TEXTS: Final = "select id, title, body from search.entries where user_id = $1 and id = any($2)"
IDS: Final = "select id from search.entries where user_id = $1 and id > $2 order by id limit $3"
CLEAR: Final = tuple(
    f"delete from search.{table} where user_id = $1"  # noqa: S608
    for table in ("entries", "words", "spellings", "waiting")
)
CONDITIONS: Final = """
    e.is_trashed = $2
    and ($3::text is null or e.kind = $3) and ($4::text is null or e.type = $4)
    and ($5::text is null or e.schema_id = $5) and ($6::text is null or e.processor_id = $6)
    and ($7::timestamptz is null or e.updated_at >= $7) and ($8::timestamptz is null or e.updated_at <= $8)
    and ($9::text[] is null or exists (select from unnest(e.bucket_ids) b where b = any($9)))
    and ($10::boolean is null or $10 = exists (
        select from search.entries s
        where s.user_id = $1 and s.id = e.parent_id and s.data_since > e.parent_revision
    ))
"""
FACTS: Final = "e.id, e.kind, e.type, e.schema_id, e.processor_id, e.updated_at"
LATEST: Final = f"""
    select {FACTS}, 0::float8, true from search.entries e
    where e.user_id = $1 and {CONDITIONS} order by e.updated_at desc, e.id limit $11
"""  # noqa: S608
MATCHING_LATEST: Final = f"""
    select {FACTS}, 1::float8, e.words @@ $13::text::tsquery from search.entries e
    where e.user_id = $1 and {CONDITIONS} and e.words @@ $12::text::tsquery order by e.updated_at desc, e.id limit $11
"""  # noqa: S608
# The lexemes begin with a tag of the user, so their index is the right one even where PostgreSQL has no statistics yet:
# an expression keeps it from the others. Without a limit inside, the materialized parts are planned for all of their
# rows, and are read only as far as the limits outside ask. An offset keeps the last part from being planned as a join
# over all entries of the user.
TITLED_AND_MATCHED: Final = f"""
    titled as materialized (
        select e.id from search.entries e
        where e.user_id || '' = $1 and {CONDITIONS} and e.words @@ $14::text::tsquery{{title_check}}
    ), matched as materialized (
        select e.id from search.entries e
        where e.user_id || '' = $1 and {CONDITIONS} and e.words @@ {{words}}::text::tsquery{{check}}
    ), chosen as (
        (select id from titled limit $11) union (select id from matched limit $11)
    )
"""  # noqa: S608
RANKED: Final = f"""
    select {FACTS}, e.rank, e.is_exact
    from chosen cross join lateral (
        select e.*, e.words @@ $13::text::tsquery as is_exact,
            ts_rank(array[0.1, 0.2, 0.4, 1.0]::float4[], e.words, $12::text::tsquery, 1)::float8 as rank
        from search.entries e where e.user_id = $1 and e.id = chosen.id offset 0
    ) e
"""  # noqa: S608
BEST: Final = f"with {TITLED_AND_MATCHED.format(title_check='', words='$12', check='')} {RANKED}"
# The index would read all words that begin with some letters. It looks for the other words of the query alone ($14 in
# titles, $15), and the whole query is compared with what they find: a function, which the index does not take for a
# condition of its own.
BEST_OF_OTHER_WORDS: Final = f"""with {
    TITLED_AND_MATCHED.format(
        title_check=" and ts_match_vq(e.words, $12::text::tsquery)",
        words="$15",
        check=" and ts_match_vq(e.words, $12::text::tsquery)",
    )
} {RANKED}"""
# For words that are in so many entries that the latest have enough of them.
BEST_OF_LATEST: Final = f"""
    with chosen as (
        select e.id from (
            select * from search.entries where user_id = $1 and is_trashed = $2
            order by updated_at desc, id limit $14
        ) e where {CONDITIONS} and e.words @@ $12::text::tsquery limit $11
    )
    {RANKED}
"""  # noqa: S608
