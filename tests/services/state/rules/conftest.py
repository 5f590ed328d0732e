"""Desks at the door of a state service on memory."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from litestar.testing import AsyncTestClient

from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.services.schemas.service import Schemas
from reyna.services.state.records import COLLECTIONS
from reyna.services.state.routes import routes
from reyna.services.state.service import State
from reyna.transport.http import create_app
from tests.services.state.rules.rest_client import Desk, OpensDesk


@pytest.fixture
async def open_desk(schemas: Schemas) -> AsyncIterator[OpensDesk]:
    """Opens a desk; what is given says how much each user may keep."""

    async def identify(token: str) -> Caller:
        if token not in ("user-ana", "user-bo"):
            raise NotSignedIn
        return Caller(user_id=token)

    async with AsyncExitStack() as stack:

        async def opened(**allowed: int) -> Desk:
            store = MemoryStore(COLLECTIONS)
            state = State(store, schemas, allowed=allowed)
            verbs = {"content": state}
            app = create_app(title="state", version="0", routes=routes, identify=identify, services=verbs, checks={})
            clients = [await stack.enter_async_context(AsyncTestClient(app)) for _ in range(2)]
            for client, user in zip(clients, ("user-ana", "user-bo"), strict=True):
                client.headers["authorization"] = f"Bearer {user}"
            return Desk(store, schemas, state, *clients)

        yield opened
