"""The scope that an API key needs for each route and each verb: the only place where it is declared.

What is not declared here needs the scope `admin`.
"""

from typing import Final

from reyna.domain.caller import Scope
from reyna.transport.rpc.repeatable import READS

READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
GATEWAY_PREFIX: Final = "/api"
CONTENT: Final[tuple[Scope, Scope]] = ("read", "write")
PROCESSING: Final[tuple[Scope, Scope]] = ("read", "processors")
ACCOUNT: Final[tuple[Scope, Scope]] = ("admin", "admin")
# By the first segment of the path: the scope that reads, and the scope that changes.
RESOURCES: Final[dict[str, tuple[Scope, Scope]]] = {
    **dict.fromkeys(("blobs", "buckets", "bulk", "events", "export", "files", "import", "journal", "migrate"), CONTENT),
    **dict.fromkeys(("redo", "schemas", "search", "snapshots", "tasks", "templates", "trash", "tree"), CONTENT),
    **dict.fromkeys(("undo", "upgrades"), CONTENT),
    **dict.fromkeys(("batches", "costs", "dead", "instances", "models", "pipelines", "processors"), PROCESSING),
    **dict.fromkeys(("runs", "work"), PROCESSING),
    **dict.fromkeys(("audit", "keys", "sessions", "webhooks"), ACCOUNT),
    "me": ("read", "admin"),
}
ROUTES: Final[dict[str, Scope]] = {  # that need another scope than their resource
    "POST /runs/estimate": "read",
    "POST /schemas/check": "read",
    "POST /schemas/{id}/validate": "read",
}
CHANGES_BY_SERVICE: Final[dict[str, Scope]] = {"schemas": "write", "state": "write", "processors": "processors"}


def route_scope(method: str, path: str) -> Scope:
    """Returns the scope that a key needs for this method at this path, given as `/blobs/{id}` or `/api/blobs/{id:str}`.

    A route that is declared nowhere needs `admin`.
    """
    template = path.removeprefix(GATEWAY_PREFIX).replace(":str}", "}").replace(":int}", "}")
    if (scope := ROUTES.get(f"{method} {template}")) is not None:
        return scope
    reads, changes = RESOURCES.get(template.split("/")[1], ACCOUNT)
    return reads if method in READING_METHODS else changes


def is_declared(path: str) -> bool:
    """Tells whether the scopes of this path are declared here."""
    return path.removeprefix(GATEWAY_PREFIX).split("/")[1] in RESOURCES


def verb_scope(service: str, verb: str) -> Scope:
    """Returns the scope that a key needs for a verb (`part.verb`) of a service."""
    return "read" if verb in READS else CHANGES_BY_SERVICE.get(service, "admin")
