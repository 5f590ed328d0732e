"""Templates as they are listed: with their parameters, and a preview of the tree that they become."""

from collections import deque
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.templates.document import (
    NumberParameter,
    TemplateBucket,
    TemplateDocument,
    TemplateParameter,
    TemplateText,
)
from reyna.domain.templates.placeholders import TITLE, fill_text
from reyna.domain.text.clusters import truncate

MAX_PREVIEW_NODES: Final = 200
MAX_PREVIEW_CHARACTERS: Final = 80  # of the name of a text


class PreviewNode(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket or a text of a template: its name with the defaults, and how often it is made.

    `repeat` names the parameter that says how often; `more` counts the items of it that the preview leaves out.
    """

    kind: Literal["bucket", "text"]
    name: str
    type: str | None = None
    times: int = 1
    repeat: str | None = None
    children: tuple["PreviewNode", ...] = ()
    more: int = 0


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """A template: one that comes with the studio, or one of the user's own.

    The counts are those with the default parameters; `left_out` counts the texts of the bucket that it was made of
    which it does not have.
    """

    id: str
    user_id: str
    origin: Literal["shipped", "own"] = "own"
    name: str
    description: str = ""
    type: str
    parameters: tuple[TemplateParameter, ...] = ()
    preview: PreviewNode
    bucket_count: int
    text_count: int
    left_out: int = 0
    size: int
    revision: int = 1
    created_at: datetime | None = None

    def event(self, action: Literal["created", "deleted"], caller: Caller) -> Event:
        facts: dict[str, Any] = {"template_id": self.id, "name": self.name}
        return Event.now(f"template.{action}", caller, facts, about=self.id)


class NewTemplate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template of a bucket: its structure, types and metadata, and with `texts` what the user wrote in it."""

    bucket_id: str
    name: str
    description: str = ""
    texts: bool = False


class TemplateUse(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`name` is that of the new bucket; `after` the sibling before it: null for the first position, left out for the
    last."""

    name: str
    parent_bucket_id: str | None = None
    parameters: dict[str, int | str] = {}
    after: str | msgspec.UnsetType | None = msgspec.UNSET


def describe_template(
    document: TemplateDocument,
    *,
    id: str,
    user_id: str,
    origin: Literal["shipped", "own"] = "own",
    left_out: int = 0,
    created_at: datetime | None = None,
) -> Template:
    """Returns the template of a document, with its preview and counts."""
    defaults = {parameter.name: parameter.default for parameter in document.parameters}
    buckets, texts = _count(document.root, defaults)
    return Template(
        id=id,
        user_id=user_id,
        origin=origin,
        name=document.name,
        description=document.description,
        type=document.root.type,
        parameters=document.parameters,
        preview=build_preview(document),
        bucket_count=buckets,
        text_count=texts,
        left_out=left_out,
        size=len(msgspec.json.encode(document)),
        created_at=created_at,
    )


def build_preview(document: TemplateDocument) -> PreviewNode:
    """Returns the tree of a template, each repeated bucket once, with the nearest 200 of its buckets and texts."""
    shown = _nearest(document.root)
    numbers = {one.name: one.default for one in document.parameters if isinstance(one, NumberParameter)}
    texts = {one.name: str(one.default) for one in document.parameters} | {TITLE: document.name}
    return _preview_of(document.root, shown, numbers, texts)


def _preview_of(bucket: TemplateBucket, shown: set[int], numbers: dict[str, int], texts: dict[str, str]) -> PreviewNode:
    repeat = bucket.repeat
    if repeat is not None:
        texts = {**texts, repeat.counter: "1"}
    kept = [item for item in bucket.items if id(item) in shown]
    children = tuple(
        PreviewNode(kind="text", name=_text_name(item, texts))
        if isinstance(item, TemplateText)
        else _preview_of(item, shown, numbers, texts)
        for item in kept
    )
    return PreviewNode(
        kind="bucket",
        name=fill_text(bucket.name, texts),
        type=bucket.type,
        times=1 if repeat is None else numbers[repeat.times],
        repeat=None if repeat is None else repeat.times,
        children=children,
        more=len(bucket.items) - len(kept),
    )


def _nearest(root: TemplateBucket) -> set[int]:
    """Returns the identities of the items that are shown, those near the root before those far from it."""
    shown: set[int] = set()
    waiting: deque[TemplateBucket] = deque([root])
    while waiting:
        for item in waiting.popleft().items:
            if len(shown) >= MAX_PREVIEW_NODES:
                return shown
            shown.add(id(item))
            if isinstance(item, TemplateBucket):
                waiting.append(item)
    return shown


def _text_name(text: TemplateText, texts: dict[str, str]) -> str:
    data = text.data if isinstance(text.data, dict) else {}
    for field in ("title", "content"):
        lines = str(data.get(field) or "").split("\n", 1)
        if lines[0].strip():
            return truncate(fill_text(lines[0].strip(), texts), MAX_PREVIEW_CHARACTERS)
    return text.schema_id


def _count(bucket: TemplateBucket, values: dict[str, Any]) -> tuple[int, int]:
    """Returns how many buckets and texts there are with these values."""
    buckets, texts = 1, 0
    for item in bucket.items:
        if isinstance(item, TemplateText):
            texts += 1
            continue
        more_buckets, more_texts = _count(item, values)
        buckets, texts = buckets + more_buckets, texts + more_texts
    times = 1 if bucket.repeat is None else values[bucket.repeat.times]
    return buckets * times, texts * times
