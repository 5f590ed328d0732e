"""Reads a line of a legacy file: its text, its places, and the ids that it becomes."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from reyna.domain.errors import Invalid
from reyna.domain.ids import derive_id, is_slug
from reyna.domain.json.reading import decode_json
from reyna.domain.text.clusters import truncate
from reyna.domain.text.names import MAX_TYPE_CHARACTERS, normalize_name
from reyna.services.state.legacy_import.timestamps import parse_time

SCHEMA: Final = "text-input-v1"  # of a line that names none
UNFIT: Final = "legacy-v1"  # keeps a line whole that does not fit the schema it names
PROCESSOR: Final = "user-input"  # of a line that names none
FOREIGN: Final = "legacy"  # of a line whose processor has a name that none of ours could have
FIELD_LENGTH: Final = 200
MAX_FIELDS: Final = 50  # that become buckets; a blob may be created in a hundred
MAX_VERSIONS: Final = 1_000  # of one line that become revisions; more are kept with the line as they are
NAMES: Final = ("title", "name")  # `book_title` or `book_name` is what the bucket of `book_id` is called
JSON: Final = msgspec.json.Decoder()


class BucketField(msgspec.Struct, frozen=True):
    """A field whose values become buckets of this type, under the bucket of `parent` when both are given."""

    type: str
    parent: str | None = None


Fields = dict[str, BucketField]
FIELDS: Final[Fields] = {
    "book_id": BucketField("book"),
    "chapter_id": BucketField("chapter", "book_id"),
    "conversation_id": BucketField("conversation"),
}


class Line(msgspec.Struct, frozen=True):
    """One line of the file, counted from 1; `body` is its JSON."""

    number: int
    body: Any


class LegacyPlace(msgspec.Struct, frozen=True):
    """A bucket that a line stood in: the field that named it, its value there, and the place around it."""

    field: str
    value: str
    type: str
    title: str | None
    around: "LegacyPlace | None"


class LegacyVersion(msgspec.Struct, frozen=True):
    """An earlier text of a line; `body` holds `data` or `content` as a line does."""

    body: dict[str, Any]
    at: datetime | None


class LegacyLine(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of a legacy line; `rest` is all of it but the `versions` that could be read."""

    number: int
    body: dict[str, Any]
    id: str
    schema_id: str
    processor_id: str
    parent: str | None
    created_at: datetime | None
    updated_at: datetime | None
    places: tuple[LegacyPlace, ...]
    versions: tuple[LegacyVersion, ...]
    rest: dict[str, Any]
    unmapped: tuple[str, ...]
    unread: tuple[str, ...]  # times that could not be read, in words


def fields_of(entries: Iterable[str]) -> Fields:
    """Returns the default fields with `field=type[:parent_field]` added; `field=` takes one away. Raises Invalid."""
    fields = dict(FIELDS)
    for entry in entries:
        name, equals, kind = entry.partition("=")
        type, _, parent = kind.partition(":")
        if not equals or not 1 <= len(name) <= FIELD_LENGTH:
            raise Invalid.at(
                "/map", f"cannot be read: {truncate(entry, FIELD_LENGTH)!r}", expected="field=type[:parent_field]"
            )
        fields.pop(name, None)
        if kind:
            fields[name] = BucketField(normalize_name(type, field="map", most=MAX_TYPE_CHARACTERS), parent or None)
    _check(fields)
    return fields


def _check(fields: Mapping[str, BucketField]) -> None:
    if len(fields) > MAX_FIELDS:
        raise Invalid.at("/map", f"names more than {MAX_FIELDS} fields")
    for field in fields:
        seen, around = {field}, fields[field].parent
        while around is not None and around in fields:
            if around in seen:
                raise Invalid.at("/map", f"puts {field} under itself")
            seen.add(around)
            around = fields[around].parent


def read_line(line: Line, fields: Mapping[str, BucketField]) -> LegacyLine:
    """Returns the contents of a line. Raises Invalid for a line that is no object."""
    body = line.body
    if not isinstance(body, dict):
        raise Invalid("This is not a JSON object.")
    id = text_of(body.get("id")) or text_of(body.get("_id"))
    schema_id, processor_id = body.get("schema_id") or SCHEMA, body.get("processor_id") or PROCESSOR
    versions = _versions(body.get("revisions"))
    created, updated = parse_time(body.get("created_at")), parse_time(body.get("updated_at"))
    said = {"created_at": created, "updated_at": updated} | {
        f"created_at of revision {number}": parse_time(version.body.get("created_at"))
        for number, version in enumerate(versions, 1)
    }
    return LegacyLine(
        number=line.number,
        body=body,
        id=id if id is not None else _fingerprint(body),
        schema_id=schema_id if isinstance(schema_id, str) else str(schema_id),
        processor_id=processor_id if isinstance(processor_id, str) and is_slug(processor_id) else FOREIGN,
        parent=text_of(body.get("parent_id")),
        created_at=created.moment,
        updated_at=updated.moment,
        unread=tuple(f"{field} {one.problem}" for field, one in said.items() if one.problem),
        places=tuple(place for field in fields if (place := _place(body, field, fields)) is not None),
        versions=versions,
        rest={name: value for name, value in body.items() if name != "revisions" or not versions},
        unmapped=tuple(name for name in body if _is_unmapped(name, body[name], fields)),
    )


def blob_id(user_id: str, legacy_id: str) -> str:
    """Returns the blob id of a line: the same line of the same user always becomes the same blob."""
    return derive_id("blob", user_id, "legacy", legacy_id)


def bucket_id(user_id: str, place: LegacyPlace, under: str | None = None) -> str:
    """Returns the bucket id of a place: the same value of the same field always becomes the same bucket.

    `under` is the value around it, where this one stands for another thing in another place ("chapter 1" of the second
    book).
    """
    apart = () if under is None else (under,)
    return derive_id("bucket", user_id, "legacy", place.field, place.value, *apart)


def bucket_ids(user_id: str, legacy: LegacyLine) -> Iterator[str]:
    """Yields every bucket that a line may become part of."""
    for place in legacy.places:
        yield bucket_id(user_id, place)
        if place.around is not None:
            yield bucket_id(user_id, place, place.around.value)


def candidates(body: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[tuple[Any, frozenset[str]]]:
    """Yields what may be the data of a line, the likeliest first, with the fields that are then in it.

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
            yield decode_json(JSON, body["data"]), frozenset({"data"})
        yield {"content": body["data"]}, frozenset({"data"})


def first_data(body: Mapping[str, Any], known: Mapping[str, Any]) -> Any:
    """Returns the likeliest data of an earlier version, which need not fit any more; UNSET when there is none."""
    data, _ = next(candidates(body, known))
    if "data" not in body and "content" not in body:
        return msgspec.UNSET
    return {"content": data} if isinstance(data, str) and "content" in known else data


def text_of(value: Any) -> str | None:
    """Returns an id as text: databases export it as text, number or `{"$oid": …}`."""
    if isinstance(value, dict):
        value = value.get("$oid")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value).strip() or None


def fingerprint(data: Any) -> str:
    """Returns the same text for the same data, whatever the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(data, order="deterministic")).hexdigest()[:32]


def _fingerprint(body: Any) -> str:
    """Returns the id of a line without one: the same line again is the same blob."""
    try:
        return f"line-{fingerprint(body)}"
    except (ValueError, RecursionError, OverflowError) as error:
        raise Invalid(f"This cannot be kept: {error}") from error


def _place(body: Mapping[str, Any], field: str, fields: Mapping[str, BucketField]) -> LegacyPlace | None:
    value = text_of(body.get(field))
    if value is None:
        return None
    kind, prefix = fields[field], field.removesuffix("_id")
    titles = [body.get(f"{prefix}_{name}") for name in NAMES]
    title = next((title for title in titles if isinstance(title, str) and title.strip()), None)
    around = _place(body, kind.parent, fields) if kind.parent is not None and kind.parent in fields else None
    return LegacyPlace(field, value, kind.type, title, around)


def _is_unmapped(name: str, value: Any, fields: Mapping[str, BucketField]) -> bool:
    known = name in fields or name in ("id", "_id", "schema_id", "processor_id", "parent_id", "user_id")
    return name.endswith("_id") and not known and text_of(value) is not None


def _versions(given: Any) -> tuple[LegacyVersion, ...]:
    """Returns the versions, oldest first by number or time where all have one; none when they cannot be read."""
    if not isinstance(given, list) or len(given) > MAX_VERSIONS or not all(isinstance(one, dict) for one in given):
        return ()
    if not all("data" in one or "content" in one for one in given):
        return ()
    versions = [LegacyVersion(one, parse_time(one.get("created_at")).moment) for one in given]
    for name in ("number", "revision", "version"):
        if all(isinstance(one.get(name), int) for one in given):
            return tuple(sorted(versions, key=lambda version: int(version.body[name])))
    if all(version.at is not None for version in versions):
        return tuple(sorted(versions, key=lambda version: version.at or datetime.min.replace(tzinfo=UTC)))
    return tuple(versions)
