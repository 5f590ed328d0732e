"""A line of a legacy file: what it says, where it stood, and what becomes of each of its fields."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.ids import is_slug, named_after, slug
from reyna.domain.reading import read

SCHEMA: Final = "text-input-v1"  # of a line that names none
UNFIT: Final = "legacy-v1"  # keeps a line whole that does not fit the schema it names
PROCESSOR: Final = "user-input"  # of a line that names none
FOREIGN: Final = "legacy"  # of a line whose processor has a name that none of ours could have
SECONDS: Final = 100_000_000_000  # numbers below are seconds since 1970 (until the year 5138), above milliseconds
MILLISECONDS: Final = re.compile(r"-?[0-9]{1,18}")
FIELD_LENGTH: Final = 200
MOST_FIELDS: Final = 50  # that become buckets; a blob may be created in a hundred
NAMES: Final = ("title", "name")  # `book_title` or `book_name` is what the bucket of `book_id` is called
JSON: Final = msgspec.json.Decoder()


class Kind(msgspec.Struct, frozen=True):
    """What the values of a field become: buckets of this type, under the bucket of `parent` when both are given."""

    type: str
    parent: str | None = None


Fields = dict[str, Kind]
FIELDS: Final[Fields] = {
    "book_id": Kind("book"),
    "chapter_id": Kind("chapter", "book_id"),
    "conversation_id": Kind("conversation"),
}


class Line(msgspec.Struct, frozen=True):
    """One line of the file, counted from 1; `body` is its JSON."""

    number: int
    body: Any


class Place(msgspec.Struct, frozen=True):
    """A bucket that a line stood in: the field that named it, its value there, and the place around it."""

    field: str
    value: str
    type: str
    title: str | None
    around: "Place | None"


class Version(msgspec.Struct, frozen=True):
    """An earlier text of a line; `body` holds `data` or `content` as a line does."""

    body: dict[str, Any]
    at: datetime | None


class Legacy(msgspec.Struct, frozen=True, kw_only=True):
    """What a line says; `rest` is all of it but the `versions` that could be read."""

    number: int
    body: dict[str, Any]
    id: str
    schema_id: str
    processor_id: str
    parent: str | None
    created_at: datetime | None
    updated_at: datetime | None
    places: tuple[Place, ...]
    versions: tuple[Version, ...]
    rest: dict[str, Any]
    unmapped: tuple[str, ...]


def fields_of(entries: Iterable[str]) -> Fields:
    """The default fields with `field=type[:parent_field]` added; `field=` takes one away. Raises Invalid."""
    fields = dict(FIELDS)
    for entry in entries:
        name, equals, kind = entry.partition("=")
        type, _, parent = kind.partition(":")
        if not equals or not 1 <= len(name) <= FIELD_LENGTH:
            raise Invalid.at("/map", f"cannot be read: {entry[:FIELD_LENGTH]!r}", expected="field=type[:parent_field]")
        fields.pop(name, None)
        if kind:
            fields[name] = Kind(slug("map", type), parent or None)
    _check(fields)
    return fields


def _check(fields: Mapping[str, Kind]) -> None:
    if len(fields) > MOST_FIELDS:
        raise Invalid.at("/map", f"names more than {MOST_FIELDS} fields")
    for field in fields:
        seen, around = {field}, fields[field].parent
        while around is not None and around in fields:
            if around in seen:
                raise Invalid.at("/map", f"puts {field} under itself")
            seen.add(around)
            around = fields[around].parent


def read_line(line: Line, fields: Mapping[str, Kind]) -> Legacy:
    """Raises Invalid for a line that is no object."""
    body = line.body
    if not isinstance(body, dict):
        raise Invalid("This is not a JSON object.")
    id = text_of(body.get("id")) or text_of(body.get("_id"))
    schema_id, processor_id = body.get("schema_id") or SCHEMA, body.get("processor_id") or PROCESSOR
    versions = _versions(body.get("revisions"))
    return Legacy(
        number=line.number,
        body=body,
        id=id if id is not None else _fingerprint(body),
        schema_id=schema_id if isinstance(schema_id, str) else str(schema_id),
        processor_id=processor_id if isinstance(processor_id, str) and is_slug(processor_id) else FOREIGN,
        parent=text_of(body.get("parent_id")),
        created_at=moment_of(body.get("created_at")),
        updated_at=moment_of(body.get("updated_at")),
        places=tuple(place for field in fields if (place := _place(body, field, fields)) is not None),
        versions=versions,
        rest={name: value for name, value in body.items() if name != "revisions" or not versions},
        unmapped=tuple(name for name in body if _is_unmapped(name, body[name], fields)),
    )


def blob_id(user_id: str, legacy_id: str) -> str:
    """The same line of the same user always becomes the same blob."""
    return named_after("blob", user_id, "legacy", legacy_id)


def bucket_id(user_id: str, place: Place, under: str | None = None) -> str:
    """The same value of the same field always becomes the same bucket; `under` is the value around it, where this one
    stands for another thing in another place ("chapter 1" of the second book)."""
    apart = () if under is None else (under,)
    return named_after("bucket", user_id, "legacy", place.field, place.value, *apart)


def bucket_ids(user_id: str, legacy: Legacy) -> Iterator[str]:
    """Every bucket that a line may become part of."""
    for place in legacy.places:
        yield bucket_id(user_id, place)
        if place.around is not None:
            yield bucket_id(user_id, place, place.around.value)


def candidates(body: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[Any, frozenset[str]]]:
    """What the data of a line may be, the likeliest first, with the fields that are then in it.

    `known` are the properties of its schema. A line without `data` is flat: those of its fields are the data that the
    schema knows.
    """
    flat = {name: value for name, value in body.items() if name in known}
    if "data" not in body:
        yield flat, frozenset(flat)
        if "content" in body:
            yield {"content": body["content"]}, frozenset({"content"})
            yield body["content"], frozenset({"content"})
        return
    yield body["data"], frozenset({"data"})
    if isinstance(body["data"], str):
        with suppress(Invalid):  # it is a text, then
            yield read(JSON, body["data"]), frozenset({"data"})
        yield {"content": body["data"]}, frozenset({"data"})


def first_data(body: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """The likeliest data of an earlier version, which need not fit any more; UNSET when there is none."""
    data, _ = next(candidates(body, known))
    if "data" not in body and "content" not in body:
        return msgspec.UNSET
    return {"content": data} if isinstance(data, str) and "content" in known else data


def text_of(value: Any) -> str | None:
    """An id as text: what databases export as text, number or `{"$oid": …}`."""
    if isinstance(value, dict):
        value = value.get("$oid")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def moment_of(value: Any) -> datetime | None:
    """RFC 3339, seconds or milliseconds since 1970, or `{"$date": …}`; without a zone it is UTC. None for what else."""
    if isinstance(value, dict):
        value = value.get("$date")
    if isinstance(value, dict):
        value = value.get("$numberLong")
        value = int(value) if isinstance(value, str) and MILLISECONDS.fullmatch(value) else None
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value if abs(value) < SECONDS else value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def fingerprint(data: Any) -> str:
    """The same for the same data, whatever the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()[:32]


def _fingerprint(body: Any) -> str:
    """The id of a line without one: the same line again is the same blob."""
    try:
        return f"line-{fingerprint(body)}"
    except (ValueError, RecursionError, OverflowError) as error:
        raise Invalid(f"This cannot be kept: {error}") from error


def _place(body: Mapping[str, Any], field: str, fields: Mapping[str, Kind]) -> Place | None:
    value = text_of(body.get(field))
    if value is None:
        return None
    kind, prefix = fields[field], field.removesuffix("_id")
    titles = [body.get(f"{prefix}_{name}") for name in NAMES]
    title = next((title for title in titles if isinstance(title, str) and title.strip()), None)
    around = _place(body, kind.parent, fields) if kind.parent is not None and kind.parent in fields else None
    return Place(field, value, kind.type, title, around)


def _is_unmapped(name: str, value: Any, fields: Mapping[str, Kind]) -> bool:
    known = name in fields or name in ("id", "_id", "schema_id", "processor_id", "parent_id", "user_id")
    return name.endswith("_id") and not known and text_of(value) is not None


def _versions(given: Any) -> tuple[Version, ...]:
    """Oldest first, by their number or their time where all of them say it; none when they cannot be read."""
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        return ()
    if not all("data" in one or "content" in one for one in given):
        return ()
    versions = [Version(one, moment_of(one.get("created_at"))) for one in given]
    for name in ("number", "revision", "version"):
        if all(isinstance(one.get(name), int) for one in given):
            return tuple(sorted(versions, key=lambda version: int(version.body[name])))
    if all(version.at is not None for version in versions):
        return tuple(sorted(versions, key=lambda version: version.at or datetime.min.replace(tzinfo=UTC)))
    return tuple(versions)
