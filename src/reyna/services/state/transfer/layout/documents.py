"""The document of a blob in an archive: Markdown with front matter for a text, JSON for everything else.

The front matter is YAML whose values are JSON, which YAML contains: every program can read it, and we write the same
bytes for the same blob and read them without a parser of YAML.
"""

import re
from typing import Any, Final

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.errors import Invalid
from reyna.domain.text.folding import TEXT_FIELDS
from reyna.services.state.transfer.layout.facts import ArchiveBlob, blob_facts

FENCE: Final = "---\n"
FACTS: Final = "reyna"  # the key of our facts, beside the data
MARKDOWN_ENDING: Final = ".md"
JSON_ENDING: Final = ".json"
INDENT: Final = 2
PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
YAML_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # that YAML wants escaped
ENCODER: Final = msgspec.json.Encoder(order="deterministic")
LINE: Final = re.compile(r'( *)([A-Za-z_][A-Za-z0-9_-]*|"(?:[^"\\]|\\.)*"):(?: (.*))?', re.DOTALL)


class JsonDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A blob that is not a text."""

    reyna: ArchiveBlob
    data: Any


def write_document(blob: Blob, *, revisions: bool, also_in: tuple[str, ...] = ()) -> bytes:
    """Returns the document of a blob."""
    field = text_field_of(blob.data)
    facts = blob_facts(blob, text_field=field or "content", revisions=revisions, also_in=also_in)
    if field is None:
        return pretty_json(JsonDocument(reyna=facts, data=blob.data))
    rest = {key: value for key, value in blob.data.items() if key != field}
    lines = [FENCE, *_lines(rest), f"{FACTS}:\n", *_lines(msgspec.to_builtins(facts), indent="  "), FENCE]
    # One line break more than the text has: editors want one at the end of a file.
    text: str = blob.data[field]
    return f"{''.join(lines)}\n{text}\n".encode()


def text_field_of(data: Any) -> str | None:
    """Returns the field of the text of a blob, or None for data that is written as JSON."""
    if not isinstance(data, dict) or FACTS in data:
        return None
    return next((field for field in TEXT_FIELDS if isinstance(data.get(field), str)), None)


def read_markdown(text: str) -> tuple[ArchiveBlob, Any]:
    """Returns the facts and the data of a text. Raises Invalid for one that has other front matter than ours."""
    head, found, body = text.removeprefix(FENCE).partition(f"\n{FENCE}")
    if not text.startswith(FENCE) or not found:
        raise Invalid("has no front matter")
    data, facts = dict[str, Any](), dict[str, Any]()
    for line in head.split("\n"):
        if line == f"{FACTS}:":
            continue
        parts = LINE.fullmatch(line)
        if parts is None or parts[3] is None:
            raise Invalid(f"has front matter that was not written here: {line[:80]!r}")
        key = msgspec.json.decode(parts[2]) if parts[2].startswith('"') else parts[2]
        try:
            (facts if parts[1] else data)[key] = msgspec.json.decode(parts[3])
        except msgspec.DecodeError as error:
            raise Invalid(f"has front matter that was not written here: {line[:80]!r}") from error
    known = _as_facts(facts)
    data[known.text_field] = body.removeprefix("\n").removesuffix("\n")
    return known, data


def read_json(content: bytes) -> tuple[ArchiveBlob, Any]:
    """Returns the facts and the data of a JSON document. Raises Invalid."""
    try:
        found = msgspec.json.decode(content, type=JsonDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(f"is no document of a blob: {error}") from error
    return found.reyna, found.data


def pretty_json(value: Any) -> bytes:
    """Returns the value as JSON that people and version control can read, always the same bytes."""
    return msgspec.json.format(ENCODER.encode(value), indent=INDENT) + b"\n"


def _as_facts(facts: dict[str, Any]) -> ArchiveBlob:
    try:
        return msgspec.convert(facts, ArchiveBlob, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"has wrong facts in its front matter: {error}") from error


def _lines(values: dict[str, Any], indent: str = "") -> list[str]:
    return [f"{indent}{_key(key)}: {_value(values[key])}\n" for key in sorted(values)]


def _key(key: str) -> str:
    return key if PLAIN_KEY.fullmatch(key) and key.lower() not in YAML_WORDS else _value(key)


def _value(value: Any) -> str:
    text = ENCODER.encode(value).decode()
    return UNPRINTABLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
