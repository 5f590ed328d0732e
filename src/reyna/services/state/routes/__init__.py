"""The REST routes of the state service: parse, call one verb, return the noun."""

from typing import Final

from reyna.services.state.routes import blobs, buckets, files, journal, templates, trash, uploads
from reyna.services.state.routes import bulk as together
from reyna.services.state.routes import legacy_import as legacy
from reyna.services.state.routes import revisions as history
from reyna.services.state.routes import search as finding
from reyna.services.state.transfer import routes as transfer

routes: Final = [
    *blobs.routes,
    *history.routes,
    *buckets.routes,
    *journal.routes,
    *legacy.routes,
    *transfer.routes,
    *trash.routes,
    *files.routes,
    *uploads.routes,
    *together.routes,
    *finding.routes,
    *templates.routes,
]
