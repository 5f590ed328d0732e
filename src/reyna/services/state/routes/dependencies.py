"""The dependency and the parser that the routes of the state service share.

The service is called `content` here because Litestar keeps the name `state` for itself.
"""

from typing import Final

from litestar.di import NamedDependency

from reyna.services.state.service import State

Content = NamedDependency[State]
MAX_NUMBER_DIGITS: Final = 18  # digits of a revision


def parse_revision(revision: str) -> int | str:
    """Returns the number of a revision, or the id under which a late save was kept."""
    is_number = revision.isascii() and revision.isdigit() and len(revision) <= MAX_NUMBER_DIGITS
    return int(revision) if is_number else revision
