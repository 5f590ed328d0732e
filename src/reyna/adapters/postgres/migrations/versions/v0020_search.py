"""The search index: entries, the words of each user, and the variants by which misspelt words are found."""

from alembic import op

revision = "v0020_search"
down_revision = "v0019_prompt_sizes"
branch_labels = None
depends_on = None

TABLES = (
    "create schema search",
    """create table search.entries (
        user_id text collate "C" not null, id text collate "C" not null, kind text collate "C" not null,
        revision bigint not null, data_since bigint not null,
        type text collate "C", schema_id text collate "C", processor_id text collate "C",
        parent_id text collate "C", parent_revision bigint, bucket_ids text[] collate "C" not null,
        language text collate "C", title text not null, body text not null,
        created_at timestamptz not null, updated_at timestamptz not null, is_trashed boolean not null,
        words tsvector not null,
        primary key (user_id, id)
    )""",
    # Every lexeme begins with a tag of its user, so that this index leads with the user, too.
    "create index entries_words on search.entries using gin (words) with (gin_pending_list_limit = 1024)",
    "create index entries_latest on search.entries (user_id, updated_at desc, id)",
    """create table search.words (
        user_id text collate "C" not null, word text collate "C" not null, entries bigint not null,
        primary key (user_id, word)
    )""",
    """create table search.spellings (
        user_id text collate "C" not null, variant text collate "C" not null, word text collate "C" not null,
        primary key (user_id, variant, word)
    )""",
    """create table search.users (
        user_id text collate "C" primary key, version bigint not null default 0,
        languages text[] collate "C" not null default '{}'
    )""",
)


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
