"""How a record becomes a MongoDB document, and a question a filter; what users write is never part of a filter."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import inspect

from reyna.ports import Collection, Present, Where

Document = dict[str, Any]
ANY_OF: Final = (list, tuple, set, frozenset)
# Values in one question, which has to stay below 16 MB. MongoDB takes as long for a long list as for its parts; servers
# that only speak its protocol may hold each value against each document.
MANY: Final = 250
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)

# What follows `user_id` in each index, and `_id` comes last in all of them: one for each way of listing. A listing that
# leaves out the trash has `trashed_at` in its index rather than a partial index, which MongoDB uses only for
# questions that it can prove to be a part of it.
INDEXES: Final[Mapping[str, Sequence[tuple[str, ...]]]] = {
    "state.blobs": (
        ("trashed_at",),
        ("trashed_at", "schema_id"),
        ("trashed_at", "processor_id"),
        ("trashed_at", "parent_id"),
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
    "state.trash": (("trashed_at",),),
    "state.journal": (("number",), ("undone",)),
    "state.names": (("blob_id", "number"),),
    "state.upgrades": (("created_at",),),
    "state.requests": (("created_at",),),
}


def prefix(user_id: str) -> str:
    """What the `_id` of all documents of this user begins with, escaped as in RFC 6901: no two users share it."""
    return f"{user_id.replace('~', '~0').replace('/', '~1')}/"


def key(user_id: str, id: str) -> str:
    """The `_id` of a record's document; for one user these sort as the ids themselves do."""
    return prefix(user_id) + id


def path(field: str) -> str:
    return "_id" if field == "id" else field


class Form:
    """A collection's documents: `_id`, `user_id`, `revision`, its columns, and in `body` the record as JSON text.

    The text keeps what BSON would change or refuse: keys such as `$where`, `a.b` or an empty one, and the kind of each
    number. Moments are whole microseconds since 1970, because BSON's own dates end at milliseconds.
    """

    def __init__(self, collection: Collection[Any], indexes: Sequence[tuple[str, ...]] = ()) -> None:
        self.collection = collection
        self.name = collection.name.replace(".", "_")
        self.indexes = [[(field, 1) for field in ("user_id", *fields, "_id")] for fields in ((), *indexes)]
        self.decode: Callable[[str], Any] = msgspec.json.Decoder(collection.holds).decode
        declared = inspect.type_info(collection.holds).fields  # type: ignore[attr-defined]
        self._moments = {field.name for field in declared if _is_moment(field.type)}

    def document(self, record: Any) -> Document:
        """Raises ValueError for what BSON cannot hold."""
        columns = {column: getattr(record, column) for column in self.collection.columns}
        for field, value in {"user_id": record.user_id, "id": record.id, **columns}.items():
            if not storable(value):
                raise ValueError(f"MongoDB cannot hold this {field} in {self.collection.name}")
        return {
            "_id": key(record.user_id, record.id),
            "user_id": record.user_id,
            "revision": record.revision,
            **{column: _plain(value) for column, value in columns.items()},
            "body": msgspec.json.encode(record).decode(),
        }

    def value(self, field: str, found: Any, user_id: str) -> Any:
        """The field's value, out of what a document has at its path."""
        if field == "id":
            return found.removeprefix(prefix(user_id))
        if field in self._moments and found is not None:
            return EPOCH + found * MICROSECOND
        return found


def _is_moment(declared: inspect.Type) -> bool:
    types = declared.types if isinstance(declared, inspect.UnionType) else (declared,)
    return any(isinstance(one, inspect.DateTimeType) for one in types)


def _plain(value: Any) -> Any:
    return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


def storable(value: Any) -> bool:
    """Whether BSON holds it as one plain value: text without lone surrogates, a whole number of 64 bits, and such."""
    if isinstance(value, str):
        return not any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return value is None or isinstance(value, float | datetime)


def matching(user_id: str, *wheres: Where) -> Document | None:
    """The filter for all of these; None when it asks for a value that no document can have there.

    Only plain values get into it, so that one that looks like an operator, `{"$gt": ""}`, finds nothing.
    """
    clauses: list[Document] = [{"user_id": user_id}]
    for field, wanted in chain.from_iterable(where.items() for where in wheres):
        if isinstance(wanted, Present):
            clauses.append({path(field): {"$ne": None}})
        elif isinstance(wanted, ANY_OF):
            clauses.append({path(field): {"$in": [_wanted(user_id, field, one) for one in wanted if storable(one)]}})
        elif storable(wanted):
            clauses.append({path(field): _wanted(user_id, field, wanted)})
        else:
            return None
    return joined(clauses) if storable(user_id) else None


def pieces(where: Where) -> list[Where]:
    """The same question in several, of which none has more than MANY values for a field."""
    for field, wanted in where.items():
        if isinstance(wanted, ANY_OF) and len(wanted) > MANY:
            values = [*dict.fromkeys(wanted)]
            some = [{**where, field: values[at : at + MANY]} for at in range(0, len(values), MANY)]
            return [piece for one in some for piece in pieces(one)]
    return [where]


def _wanted(user_id: str, field: str, value: Any) -> Any:
    return key(user_id, value) if field == "id" and value is not None else _plain(value)


def joined(clauses: Iterable[Document]) -> Document:
    """All of these at once; of two about the same field, one has to go into an `$and`."""
    filter: Document = {}
    more = []
    for clause in clauses:
        if filter.keys() & clause.keys():
            more.append(clause)
        else:
            filter |= clause
    return {**filter, "$and": more} if more else filter


class Question(NamedTuple):
    filter: Document
    sort: list[tuple[str, int]]


def listing(
    user_id: str, where: Where, order: Sequence[str], descending: bool, after: Sequence[Any] | None
) -> Question | None:
    """What `find` asks; None when nothing can be found."""
    fields = (*order, "id")
    sort = [(path(field), -1 if descending else 1) for field in fields]
    fitting = matching(user_id, where)
    if after is not None and len(after) != len(fields):
        raise ValueError("`after` is one value for each field of `order`, and the id")
    if fitting is None or not all(map(storable, after or ())):
        return None
    if after is None:
        return Question(fitting, sort)
    place = [(path(field), _wanted(user_id, field, value)) for field, value in zip(fields, after, strict=True)]
    beyond = "$lt" if descending else "$gt"
    first, value = place[0]
    if len(place) == 1:
        return Question(joined([fitting, {first: {beyond: value}}]), sort)
    alternatives = [
        {**dict(place[:number]), place[number][0]: {beyond: place[number][1]}} for number in range(len(place))
    ]
    # The alternatives alone say it all; the bound beside them is what lets the index start at the place.
    return Question(joined([fitting, {first: {f"{beyond}e": value}}, {"$or": alternatives}]), sort)
