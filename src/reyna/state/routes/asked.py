"""What every door of the state service asks for.

The service is called `content` here because Litestar keeps the name `state` for itself.
"""

from typing import Annotated, Final, TypeAlias

from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from reyna.state.service import State

Content = NamedDependency[State]
Key: TypeAlias = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]
LONGEST_NUMBER: Final = 18  # digits of a revision


def which(revision: str) -> int | str:
    """A revision by its number, or by the id under which a refused save was kept."""
    is_number = revision.isascii() and revision.isdigit() and len(revision) <= LONGEST_NUMBER
    return int(revision) if is_number else revision
