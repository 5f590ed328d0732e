"""The SQL of the tables of a service and its collections, for the migrations."""


def namespace(name: str) -> list[str]:
    """Returns the statements that create the schema of a service, with its outbox."""
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
        # It is emptied as fast as it is filled: without this, dead rows pile up in front of the others.
        f"alter table {name}.outbox set (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000)",
    ]


def sums(name: str) -> list[str]:
    """Returns the statements that create the table of the sums of a service."""
    return [
        f"""create table {name}.sums (
            user_id text collate "C" not null, name text collate "C" not null, value bigint not null,
            primary key (user_id, name)
        )""",
        # Each row is updated again and again: free room on its page spares an update of the index.
        f"alter table {name}.sums set (fillfactor = 50)",
    ]


def orders(name: str) -> list[str]:
    """Returns the statements that create the table of the logical clocks of a service."""
    return [
        f"""create table {name}.orders (
            user_id text collate "C" primary key, number bigint not null, by text collate "C" not null,
            others bigint not null, below bigint not null
        )""",
        f"alter table {name}.orders set (fillfactor = 50)",
    ]


def collection(name: str, columns: str, *indexes: str) -> list[str]:
    """Returns the statements that create the table of the collection `name` (`state.blobs`).

    `columns` are the fields that can be queried, as in `"schema_id text, created_at timestamptz"`; an index is given by
    its columns behind `user_id`, as in `"schema_id, id"`, with `where …` when it is partial. Text compares by code
    point.
    """
    own = [f'{column} collate "C"' if column.endswith(" text") else column for column in _split(columns)]
    fields = ['user_id text collate "C" not null', 'id text collate "C" not null', "revision bigint not null", *own]
    table = name.partition(".")[2]
    return [
        f"create table {name} ({', '.join(fields)}, body text not null, primary key (user_id, id))",
        *(_index(name, f"{table}_{number}", keys) for number, keys in enumerate(indexes, 1)),
    ]


def _split(columns: str) -> list[str]:
    return [column.strip() for column in columns.split(",") if column.strip()]


def _index(table: str, name: str, keys: str) -> str:
    columns, where, condition = keys.partition(" where ")
    return f"create index {name} on {table} (user_id, {columns}){where}{condition}"


def service(name: str) -> list[str]:
    """Returns the statements that create the tables of every service: outbox, sums, clocks and sent events."""
    sent_columns = "stream text, last bigint, sent_at timestamptz"
    sent = collection(f"{name}.sent", sent_columns, "stream, last, id", "stream, id", "sent_at, id")
    return [*namespace(name), *sums(name), *orders(name), *sent]
