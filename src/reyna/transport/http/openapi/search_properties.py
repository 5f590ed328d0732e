"""Descriptions of the properties of search."""

from collections.abc import Mapping
from typing import Final

SEARCH_PROPERTIES: Final[Mapping[str, str]] = {
    "SearchHit.title": "The name, the title, or the first line of the text.",
    "SearchHit.snippet": "The passage that was found, in pieces; it is plain text, never HTML.",
    "SearchHit.paths": "Every place, as the path from a bucket at the top to the bucket that it is in.",
    "SearchHit.score": "Larger is better; comparable within one answer only.",
    "SearchHit.found_by": "By its words as they are asked for (`text`), as if one were misspelt (`typo`), or by "
    "its meaning (`semantic`).",
    "SearchHit.kind": "A blob or a bucket.",
    "SearchHit.type": "The type of a bucket; null for a blob.",
    "SearchHit.schema_id": "The schema of a blob; null for a bucket.",
    "SearchHit.processor_id": "The processor that made a blob; null for a bucket.",
    "SnippetPart.text": "Plain text.",
    "SnippetPart.match": "True for what was asked for.",
    "SearchPage.facets": "How many of the hits have each schema, processor and type.",
    "SearchPage.total": "The number of hits.",
    "SearchPage.complete": "False when there are more hits than were looked at; one search shows at most 1,000.",
    "Facets.schema_id": "By schema, the most frequent first.",
    "Facets.processor_id": "By processor, the most frequent first.",
    "Facets.type": "By type of bucket, the most frequent first.",
    "FacetValue.value": "The value.",
    "FacetValue.count": "The number of hits that have it.",
}
