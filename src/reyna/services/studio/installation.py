"""The identity of this installation, which keeps its cookies apart from those of other studios on the same host."""

import secrets
from typing import Final

from reyna.domain.caller import SYSTEM_USER_ID
from reyna.ports.store import Put, RequirementNotMet, Store
from reyna.services.studio.records import INSTALLATION, Installation

INSTALLATION_ID: Final = "installation"  # of the only record there is
NAME_BYTES: Final = 4


class CurrentInstallation:
    """Reads the installation record of a store, and creates it on first use."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._installation: Installation | None = None

    async def get(self) -> Installation:
        if self._installation is None:
            self._installation = await self._load()
        return self._installation

    async def name(self) -> str:
        """Returns the name that is part of the names of this installation's cookies."""
        return (await self.get()).name

    async def _load(self) -> Installation:
        stored = await self._store.get(INSTALLATION, SYSTEM_USER_ID, INSTALLATION_ID)
        if stored is not None:
            return stored
        new = Installation(
            id=INSTALLATION_ID,
            user_id=SYSTEM_USER_ID,
            name=secrets.token_hex(NAME_BYTES),
            key=secrets.token_urlsafe(32),
        )
        try:
            await self._store.write(Put(INSTALLATION, new))
        except RequirementNotMet:  # another copy was faster
            return await self._load()
        return new
