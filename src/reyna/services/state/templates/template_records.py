"""The stored templates of users: what is listed, and apart from it the documents."""

from typing import Final

import msgspec

from reyna.domain.templates.template import Template
from reyna.ports.store import Collection


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document of a template, as JSON compressed with zlib; its `id` is the template's."""

    id: str
    user_id: str
    packed: bytes
    revision: int = 1


TEMPLATES: Final = Collection("state.templates", Template)
TEMPLATE_DOCUMENTS: Final = Collection("state.template_documents", StoredDocument)
TEMPLATES_SUM: Final = "templates"  # the sum in which those of a user are counted
TEMPLATE_COLLECTIONS: Final = (TEMPLATES, TEMPLATE_DOCUMENTS)
