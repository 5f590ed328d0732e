"""The requests by which bo might reach templates and buckets of ana's."""

from typing import Any, Final

USE: Final = "POST /templates/{id}/instantiate"
TEMPLATE_REQUESTS: Final[list[tuple[str, str, Any]]] = [
    ("GET /templates/{id}", "/templates/{template}", None),
    ("GET /templates/{id}/file", "/templates/{template}/file", None),
    ("DELETE /templates/{id}", "/templates/{template}", None),
    ("POST /templates", "/templates", {"bucket_id": "{bucket}", "name": "bo's"}),
    (USE, "/templates/{template}/instantiate", {"name": "bo's"}),
    (USE, "/templates/pitch/instantiate", {"name": "bo's", "parent_bucket_id": "{bucket}"}),
    (USE, "/templates/pitch/instantiate", {"name": "bo's", "parent_bucket_id": None, "after": "{bucket}"}),
]
