"""The doors of the state service: parse, call one verb, return the noun."""

from typing import Final

from reyna.state.routes import blobs, buckets, journal

routes: Final = [*blobs.routes, *buckets.routes, *journal.routes]
