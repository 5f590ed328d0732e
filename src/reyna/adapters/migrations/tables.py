"""The SQL of a collection's table, so that a migration that adds one is a few lines."""


def namespace(name: str) -> list[str]:
    """Statements that make the place for one service's tables, with its outbox."""
    return [
        f"create schema {name}",
        f"""create table {name}.outbox (
            seq bigint generated always as identity primary key,
            id text collate "C" not null,
            subject text not null,
            body bytea not null,
            created_at timestamptz not null default now()
        )""",
        f"create index outbox_by_id on {name}.outbox (id)",
        # It is emptied as fast as it is filled: without this, dead rows pile up in front of the living.
        f"alter table {name}.outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
    ]


def sums(name: str) -> list[str]:
    """Statements that make the table of what the users of one service have in sums."""
    return [
        f"""create table {name}.sums (
            user_id text collate "C" not null, name text collate "C" not null, value bigint not null,
            primary key (user_id, name)
        )""",
        # Each row is written again and again: room on its page keeps the index out of it.
        f"alter table {name}.sums set (fillfactor = 50)",
    ]


def collection(name: str, columns: str, *indexes: str) -> list[str]:
    """Statements that make the table of the collection `name` (`state.blobs`).

    `columns` are the fields that can be asked for, as in `"schema_id text, created_at timestamptz"`; an index is
    what follows `user_id` in it, as in `"schema_id, id"`, with `where …` when it is partial. Text compares by code
    point.
    """
    own = [f'{column} collate "C"' if column.endswith(" text") else column for column in _listed(columns)]
    fields = ['user_id text collate "C" not null', 'id text collate "C" not null', "revision bigint not null", *own]
    table = name.partition(".")[2]
    return [
        f"create table {name} ({', '.join(fields)}, body text not null, primary key (user_id, id))",
        *(_index(name, f"{table}_{number}", keys) for number, keys in enumerate(indexes, 1)),
    ]


def _listed(columns: str) -> list[str]:
    return [column.strip() for column in columns.split(",") if column.strip()]


def _index(table: str, name: str, keys: str) -> str:
    columns, where, condition = keys.partition(" where ")
    return f"create index {name} on {table} (user_id, {columns}){where}{condition}"
