"""A template as a document: its parameters, and the tree of buckets and texts that it stands for."""

from typing import Any, Final, Literal

import msgspec

FORMAT: Final = "reyna-template-v1"
MAX_PARAMETERS: Final = 20
MAX_PARAMETER_CHARACTERS: Final = 200  # of the value of a text parameter
TEXT_SCHEMA: Final = "text-input-v1"


class NumberParameter(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="number"
):
    """A number that is chosen when the template is used, from `minimum` to `maximum`."""

    name: str
    label: str
    description: str = ""
    default: int
    minimum: int = 1
    maximum: int


class TextParameter(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="text"
):
    """A name that is chosen when the template is used, in one line."""

    name: str
    label: str
    description: str = ""
    default: str


TemplateParameter = NumberParameter | TextParameter


class Repetition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bucket that is made as often as the number parameter `times` says.

    `{counter}` in it is its number, from 1, which goes on through the whole template unless it is to `restart` in each
    bucket around it.
    """

    times: str
    counter: str
    restart: bool = False


class TemplateText(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="text"):
    """A text to begin with: the data of a blob, and its label in the bucket."""

    schema_id: str = TEXT_SCHEMA
    data: Any
    label: str | None = None


class TemplateBucket(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="bucket"
):
    """A bucket, and what is in it, in order."""

    name: str
    type: str
    metadata: dict[str, Any] = {}
    repeat: Repetition | None = None
    items: tuple["TemplateBucket | TemplateText", ...] = ()


TemplateItem = TemplateBucket | TemplateText


class TemplateDocument(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template as it is written into a file.

    `{name}` in a name, a text or a value of metadata stands for the parameter or the counter of that name, `{title}`
    for the name that the new bucket is given; `{{` and `}}` are braces. A value of metadata that is the name of a
    number and nothing else becomes that number.
    """

    format: Literal["reyna-template-v1"] = "reyna-template-v1"
    name: str
    description: str = ""
    parameters: tuple[TemplateParameter, ...] = ()
    root: TemplateBucket
