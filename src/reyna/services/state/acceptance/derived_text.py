"""The text that a derived blob offers for acceptance: which field of its data holds it, and who wrote it."""

from collections.abc import Mapping
from typing import Any, Final

from reyna.domain.blob import Blob, Revision
from reyna.domain.errors import Invalid
from reyna.domain.text.paragraphs import split_paragraphs
from reyna.services.state.acceptance.insertion import TracedText
from reyna.services.state.acceptance.origins import Origin, carry_origins, kind_of, origins_in, timestamp
from reyna.services.state.content.creation import USER_INPUT

TEXT_FIELDS: Final[Mapping[str, str]] = {
    "text-input-v1": "content",
    "edited-text-v1": "content",
    "expanded-text-v1": "expanded",
    "research-results-v1": "summary",
}
OTHER_TEXT_FIELDS: Final = ("content", "text", "expanded")  # of schemas that users registered, the first that is there
WITHOUT_TEXT: Final = "holds no text that could be accepted"
MAX_CITED_MODEL_CHARACTERS: Final = 200


def find_text(blob: Blob) -> str | None:
    """Returns the text of a blob, None where its schema holds none."""
    if not isinstance(blob.data, dict):
        return None
    field = TEXT_FIELDS.get(blob.schema_id)
    fields = OTHER_TEXT_FIELDS if field is None else (field,)
    return next((blob.data[name] for name in fields if isinstance(blob.data.get(name), str)), None)


def text_of(blob: Blob) -> str:
    """Returns the text of a derived blob. Raises Invalid where there is nothing in it to accept."""
    text = find_text(blob)
    if text is None:
        known = ", ".join(f"{field} of {schema}" for schema, field in TEXT_FIELDS.items())
        raise Invalid.at("/derived_blob_id", f"{blob.schema_id} {WITHOUT_TEXT}", expected=known)
    if not text.strip():
        raise Invalid.at("/derived_blob_id", "its text is empty", expected="a text with at least one paragraph")
    return text


def trace_note(note: Blob) -> TracedText:
    """Returns the text of a note, as an accepted text begins with it."""
    text = find_text(note) or ""
    origin = _origin(kind_of(note.author_kind), note, timestamp())
    return TracedText(text, [origin | {"paragraph": number + 1} for number in range(len(split_paragraphs(text)))])


def trace_derived(blob: Blob, text: str, first: Revision) -> TracedText:
    """Returns the text of a derived blob with its origins.

    A model wrote what a processor made, and what names its model; what a person changed since the first revision is
    theirs. A text with origins of its own keeps them.
    """
    known = origins_in(blob.data)
    if known is not None:
        return TracedText(text, known)
    made, present, at = _as_first(blob, first), split_paragraphs(text), timestamp()
    written = split_paragraphs(find_text(made) or "")
    by_first = _origin("model" if _model_of(made) else kind_of(first.author_kind), blob, at)
    origins = carry_origins(written, [by_first] * len(written), present, _origin(kind_of(blob.author_kind), blob, at))
    return TracedText(text, [origin | {"paragraph": number + 1} for number, origin in enumerate(origins)])


def _as_first(blob: Blob, first: Revision) -> Blob:
    return blob.changed(
        first.data,
        size=first.size,
        schema_id=first.schema_id,
        schema_version=first.schema_version,
        by=first.author,
        author_kind=first.author_kind,
    )


def _origin(kind: str, blob: Blob, at: str) -> Origin:
    origin: Origin = {"kind": kind, "blob_id": blob.id, "revision": blob.data_since, "at": at}
    if kind != "model":
        return origin
    model = _model_of(blob)
    named = {"model": model[:MAX_CITED_MODEL_CHARACTERS]} if model else {}
    return origin | ({"processor": blob.processor_id} if blob.processor_id != USER_INPUT else {}) | named


def _model_of(blob: Blob) -> str:
    """Returns the language model that the data names; empty for none."""
    model: Any = blob.data.get("model") if isinstance(blob.data, dict) else None
    return model if isinstance(model, str) else ""
