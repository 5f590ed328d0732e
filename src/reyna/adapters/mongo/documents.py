"""The mapping of records to MongoDB documents and of queries to filters, into which no operator of a user gets."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from reyna.ports.store import Collection, Contains, NotNull, Where

Document = dict[str, Any]
ANY_OF: Final = (list, tuple, set, frozenset)
# Values in one query, which must stay below 16 MB. MongoDB takes as long for a long list as for its parts; servers
# that only speak its protocol may compare each value with each document.
MAX_VALUES_PER_QUERY: Final = 250
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

# The fields between `user_id` and `_id` in each index, one for each way of listing. A listing without the trash has
# `trashed_at` in its index rather than a partial index, which MongoDB uses only for queries that it can prove to be
# covered by it.
INDEXES: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "state.blobs": (
        ("trashed_at", "sequence"),
        ("trashed_at", "schema_id", "sequence"),
        ("trashed_at", "processor_id", "sequence"),
        ("trashed_at", "parent_id", "sequence"),
        ("parent_id",),
        ("trash_id",),
    ),
    "state.revisions": (("blob_id", "number"),),
    "state.buckets": (
        ("trashed_at", "parent_bucket_id", "rank"),
        ("parent_bucket_id",),
        ("type", "rank"),
        ("trashed_at", "rank"),
        ("trashed_at",),
        ("trash_id",),
    ),
    "state.placements": (
        ("trashed_at", "bucket_id", "rank"),
        ("trashed_at", "blob_id", "bucket_id"),
        ("blob_id",),
        ("trash_id",),
    ),
    "state.trash": (("trashed_at",), ("number",)),
    "state.journal": (("number",), ("undone",)),
    "state.names": (("blob_id", "number"),),
    "state.upgrades": (("created_at",),),
    "state.requests": (("created_at",), ("made_id",)),
    "state.sent": (("stream", "last"), ("sent_at",)),
}


def key_prefix(user_id: str) -> str:
    """Returns the beginning of the `_id` of all documents of this user, escaped as in RFC 6901: no two share it."""
    return f"{user_id.replace('~', '~0').replace('/', '~1')}/"


def document_key(user_id: str, id: str) -> str:
    """Returns the `_id` of a record's document; those of one user sort as the ids themselves do."""
    return key_prefix(user_id) + id


def path_of(field: str) -> str:
    """Returns the field of a document that holds this field of a record."""
    return "_id" if field == "id" else field


class DocumentMapping:
    """Maps the records of a collection to documents: `_id`, `user_id`, `revision`, its columns, and in `body` the
    record as JSON text.

    The text keeps what BSON would change or refuse: keys such as `$where`, `a.b` or an empty one, and the type of each
    number. Times are whole microseconds since 1970, because BSON's own dates end at milliseconds.
    """

    def __init__(self, collection: Collection[Any], indexes: Sequence[tuple[str, ...]] = ()) -> None:
        self.collection = collection
        self.name = collection.name.replace(".", "_")
        self.indexes = [[(field, 1) for field in ("user_id", *fields, "_id")] for fields in ((), *indexes)]
        self.decode: Callable[[str], Any] = msgspec.json.Decoder(collection.record_type).decode
        declared = inspect.type_info(collection.record_type).fields  # type: ignore[attr-defined]
        self.derived = sorted(set(collection.columns) - {field.name for field in declared})
        self._times = {field.name for field in declared if _is_time(field.type)}

    def document(self, record: Any) -> Document:
        """Returns the document of a record. Raises ValueError for what BSON cannot hold."""
        columns = {column: getattr(record, column) for column in self.collection.columns}
        for field, value in {"user_id": record.user_id, "id": record.id, **columns}.items():
            if not storable(value):
                raise ValueError(f"MongoDB cannot hold this {field} in {self.collection.name}")
        return {
            "_id": document_key(record.user_id, record.id),
            "user_id": record.user_id,
            "revision": record.revision,
            **{column: _to_bson(value) for column, value in columns.items()},
            "body": msgspec.json.encode(record).decode(),
        }

    def value(self, field: str, found: Any, user_id: str) -> Any:
        """Returns the field's value from the value that a document has at its path."""
        if field == "id":
            return found.removeprefix(key_prefix(user_id))
        if field in self._times and found is not None:
            return EPOCH + found * MICROSECOND
        return found


def _is_time(declared: inspect.Type) -> bool:
    types = declared.types if isinstance(declared, inspect.UnionType) else (declared,)
    return any(isinstance(one, inspect.DateTimeType) for one in types)


def _to_bson(value: Any) -> Any:
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


def storable(value: Any) -> bool:
    """Returns whether BSON can hold a value: text without lone surrogates, a whole number of 64 bits, and such."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, float | datetime)


def build_filter(user_id: str, *wheres: Where) -> Document | None:
    """Returns the filter for all of these; None when one of them wants a value that no document can have.

    Only plain values get into it, so that one that looks like an operator, `{"$gt": ""}`, finds nothing.
    """
    clauses: list[Document] = [{"user_id": user_id}]
    for field, wanted in chain.from_iterable(where.items() for where in wheres):
        if isinstance(wanted, NotNull):
            clauses.append({path_of(field): {"$ne": None}})
        elif isinstance(wanted, Contains):
            if not all(storable(word) and "\0" not in word for word in wanted.words):
                return None
            clauses += [{path_of(field): {"$regex": re.escape(word)}} for word in wanted.words]
        elif isinstance(wanted, ANY_OF):
            clauses.append(
                {path_of(field): {"$in": [_to_filter_value(user_id, field, one) for one in wanted if storable(one)]}}
            )
        elif storable(wanted):
            clauses.append({path_of(field): _to_filter_value(user_id, field, wanted)})
        else:
            return None
    return join_clauses(clauses) if storable(user_id) else None


def split_where(where: Where) -> list[Where]:
    """Returns the same query in parts with at most MAX_VALUES_PER_QUERY values for a field."""
    for field, wanted in where.items():
        if isinstance(wanted, ANY_OF) and len(wanted) > MAX_VALUES_PER_QUERY:
            values = [*dict.fromkeys(wanted)]
            starts = range(0, len(values), MAX_VALUES_PER_QUERY)
            parts = [{**where, field: values[start : start + MAX_VALUES_PER_QUERY]} for start in starts]
            return [smaller for part in parts for smaller in split_where(part)]
    return [where]


def _to_filter_value(user_id: str, field: str, value: Any) -> Any:
    return document_key(user_id, value) if field == "id" and value is not None else _to_bson(value)


def join_clauses(clauses: Iterable[Document]) -> Document:
    """Returns the filter for all of these; of two about the same field, one has to go into an `$and`."""
    filter: Document = {}
    more = []
    for clause in clauses:
        if filter.keys() & clause.keys():
            more.append(clause)
        else:
            filter |= clause
    return {**filter, "$and": more} if more else filter


class SortedQuery(NamedTuple):
    filter: Document
    sort: list[tuple[str, int]]


def build_sorted_query(
    user_id: str, where: Where, order: Sequence[str], descending: bool, after: Sequence[Any] | None
) -> SortedQuery | None:
    """Returns the query of `find`; None when nothing can be found."""
    fields = (*order, "id")
    sort = [(path_of(field), -1 if descending else 1) for field in fields]
    filter = build_filter(user_id, where)
    if after is not None and len(after) != len(fields):
        raise ValueError("`after` is one value for each field of `order`, and the id")
    if filter is None or not all(map(storable, after or ())):
        return None
    if after is None:
        return SortedQuery(filter, sort)
    position = [
        (path_of(field), _to_filter_value(user_id, field, value)) for field, value in zip(fields, after, strict=True)
    ]
    operator = "$lt" if descending else "$gt"
    first, value = position[0]
    if len(position) == 1:
        return SortedQuery(join_clauses([filter, {first: {operator: value}}]), sort)
    alternatives = [
        {**dict(position[:number]), position[number][0]: {operator: position[number][1]}}
        for number in range(len(position))
    ]
    # The alternatives alone would do; the bound beside them lets the scan of the index start at the position.
    return SortedQuery(join_clauses([filter, {first: {f"{operator}e": value}}, {"$or": alternatives}]), sort)
