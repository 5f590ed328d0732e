"""What every door of the state service asks for.

The service is called `content` here because Litestar keeps the name `state` for itself.
"""

from typing import Annotated, TypeAlias

from litestar.di import NamedDependency
from litestar.params import HeaderParameter

from reyna.state.service import State

Content = NamedDependency[State]
Key: TypeAlias = Annotated[str | None, HeaderParameter(name="Idempotency-Key")]
