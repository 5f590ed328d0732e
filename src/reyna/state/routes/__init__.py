"""The doors of the state service: parse, call one verb, return the noun."""

from typing import Final

from reyna.state.routes import blobs, buckets, history, journal, legacy, together, trash

routes: Final = [
    *blobs.routes,
    *history.routes,
    *buckets.routes,
    *journal.routes,
    *legacy.routes,
    *trash.routes,
    *together.routes,
]
