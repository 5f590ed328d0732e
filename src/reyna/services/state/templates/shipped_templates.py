"""The templates that come with the studio, one document in each file of `shipped/`."""

from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.domain.templates.document import TemplateDocument
from reyna.domain.templates.template import Template, describe_template

SHIPPED_IDS: Final = (  # in the order in which they are listed
    *("book", "novel-three-acts", "save-the-cat", "short-story", "screenplay"),
    *("album", "ep", "podcast-season"),
    *("research-project", "thesis", "course"),
    *("journal", "pitch", "dnd-campaign"),
)


@cache
def shipped_documents() -> dict[str, TemplateDocument]:
    """Returns every document that comes with the studio, by id, in their order."""
    decoder = msgspec.json.Decoder(TemplateDocument)
    folder = files(__package__) / "shipped"
    return {id: decoder.decode((folder / f"{id}.json").read_bytes()) for id in SHIPPED_IDS}


@cache
def shipped_templates() -> dict[str, Template]:
    """Returns every template that comes with the studio, by id, in their order."""
    return {
        id: describe_template(document, id=id, user_id=SYSTEM_USER_ID, origin="shipped")
        for id, document in shipped_documents().items()
    }
