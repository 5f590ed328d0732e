"""Issuing and revoking of credentials, by whoever operates the installation."""

import json
import secrets
from typing import Final
from urllib.parse import quote, urlsplit

from reyna.adapters.nats.bus import NatsBus
from reyna.app.addresses import running_addresses
from reyna.app.config import Settings
from reyna.app.credentials.credential import WorkerCredential
from reyna.app.credentials.permissions import (
    RUNS,
    permissions_of_worker,
    run_subject_of,
    user_name_of,
)
from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.embedded.home import Home
from reyna.embedded.nats_users import NatsUser, NatsUsers, wait_for_login
from reyna.sdk.services import called_verbs
from reyna.sdk.worker import REDELIVERY_SECONDS
from reyna.transport.rpc import Signer

TOKEN_SECONDS: Final = 10 * 365 * 24 * 3600  # a credential holds until its user of NATS is removed
PASSWORD_BYTES: Final = 32


class CredentialIssuer:
    """Issues the credentials of an installation; `bus` is its own connection, at the address `nats_url`.

    Where the nats-server is `embedded`, its users are changed at once. Another server is configured by its operator:
    `describe_user` says how.
    """

    def __init__(self, settings: Settings, bus: NatsBus, *, nats_url: str, embedded: bool) -> None:
        self._settings, self._bus, self._address, self._embedded = settings, bus, urlsplit(nats_url), embedded
        self._signer = Signer(settings.signing_secret())

    async def issue(self, processor_id: str) -> tuple[WorkerCredential, NatsUser]:
        """Returns a credential for the workers of this processor, and its user; one of before does not hold any more.

        Raises Fault, and CannotStart when the server does not accept it.
        """
        await self._bus.provision_consumer(RUNS, processor_id, run_subject_of(processor_id), REDELIVERY_SECONDS)
        permissions = permissions_of_worker(processor_id, called_verbs())
        user = NatsUser(
            name=user_name_of(processor_id),
            password=secrets.token_urlsafe(PASSWORD_BYTES),
            publish=permissions.publish,
            subscribe=permissions.subscribe,
        )
        if self._embedded:
            users = NatsUsers(Home(self._settings.home))
            users.put(user)
            users.reload()
            await wait_for_login(self._port, user.name, user.password, accepted=True)
        return self._credential(processor_id, user), user

    @property
    def _port(self) -> int:
        return self._address.port or 0

    def _credential(self, processor_id: str, user: NatsUser) -> WorkerCredential:
        host = self._address.netloc.rpartition("@")[2]
        caller = Caller(user_id=SYSTEM_USER_ID, kind="processor", processor_id=processor_id)
        return WorkerCredential(
            processor_id=processor_id,
            nats_url=f"{self._address.scheme}://{user.name}:{quote(user.password, safe='')}@{host}",
            token=self._signer.sign(caller, TOKEN_SECONDS),
        )


async def revoke_credential(settings: Settings, processor_id: str) -> bool:
    """Removes the user of a processor from the embedded server, which closes its connections.

    Returns False when it had none. Raises CannotStart when a running server still accepts it.
    """
    users = NatsUsers(Home(settings.home))
    removed = users.remove(user_name_of(processor_id))
    if removed is None:
        return False
    users.reload()
    if (running := running_addresses(settings.home)) is not None:
        port = urlsplit(running.nats_url).port or 0
        await wait_for_login(port, removed.name, removed.password, accepted=False)
    return True


def describe_user(user: NatsUser) -> str:
    """Returns the user as the configuration of a nats-server has it, below `authorization { users: [ … ] }`."""
    return json.dumps(user.configuration(), indent=2)
