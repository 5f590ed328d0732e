"""The studio service: accounts, sign-in, and the event feed of a user."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from reyna.domain.caller import Caller
from reyna.ports.bus import Bus
from reyna.ports.store import Store
from reyna.services.studio.accounts.account_store import AccountStore
from reyna.services.studio.accounts.accounts import Accounts
from reyna.services.studio.accounts.default_processors import DefaultProcessors
from reyna.services.studio.accounts.invitations import Invitations, RegistrationMode
from reyna.services.studio.accounts.members import Members
from reyna.services.studio.accounts.profile import Profile
from reyna.services.studio.accounts.sign_up import SignUp
from reyna.services.studio.audit.audit_log import AuditLog
from reyna.services.studio.events.feed import EventFeed
from reyna.services.studio.events.stream import EventStreams
from reyna.services.studio.gateway.fanout import Fanout
from reyna.services.studio.installation import CurrentInstallation
from reyna.services.studio.keys.api_keys import ApiKeys
from reyna.services.studio.keys.key_store import KeyStore
from reyna.services.studio.passwords.hashing import Passwords
from reyna.services.studio.records import REQUESTS
from reyna.services.studio.sign_in.devices import KnownDevices
from reyna.services.studio.sign_in.links import SignInLinks
from reyna.services.studio.sign_in.session_cache import SessionCache
from reyna.services.studio.sign_in.session_store import SessionStore
from reyna.services.studio.sign_in.session_watch import SessionWatch
from reyna.services.studio.sign_in.sessions import Sessions
from reyna.services.studio.sign_in.sign_in import SignIn
from reyna.services.studio.sign_in.throttle import Throttle
from reyna.services.studio.webhooks.access import WebhookAccess
from reyna.services.studio.webhooks.parts import build_webhook_parts
from reyna.storage.idempotency import IdempotencyKeys

if TYPE_CHECKING:
    from reyna.services.processors.service import Processors
    from reyna.services.state.service import State


def utc_now() -> datetime:
    return datetime.now(UTC)


class Studio:
    """The studio service. Each attribute is one group of verbs."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        state: "State",
        processors: "Processors",
        *,
        passwords: Passwords | None = None,
        throttle: Throttle | None = None,
        clock: Callable[[], datetime] = utc_now,
        registration: RegistrationMode = "open",
        key_secret: bytes | None = None,
        webhook_access: WebhookAccess | None = None,
    ) -> None:
        """`key_secret` is the secret from which the texts of API keys and the seals of the audit log follow: the same
        for all copies of the service, and another one at every start unless it is given."""
        key_secret = key_secret or secrets.token_bytes(32)
        passwords, throttle = passwords or Passwords(), throttle or Throttle(store, clock)
        account_records, session_records = AccountStore(store, clock), SessionStore(store, clock)
        self.installation, self.session_watch = CurrentInstallation(store), SessionWatch(store, clock)
        key_records = KeyStore(store, clock)
        self.session_cache = SessionCache(session_records, key_records, bus, clock)
        self.sessions = Sessions(session_records, self.session_cache, self.session_watch, bus)
        idempotency_keys, find_bucket = IdempotencyKeys(store, REQUESTS, clock), partial(_find_bucket, state)
        self.keys = ApiKeys(key_records, self.sessions, find_bucket, key_secret, clock, idempotency_keys)
        self.sign_in_links = SignInLinks(session_records, account_records, self.sessions, throttle)
        self.devices = KnownDevices(account_records, self.sessions, self.installation, clock)
        self.sign_in = SignIn(account_records, self.sessions, self.devices, passwords, throttle)
        self.accounts = Accounts(account_records, session_records, self.sessions, passwords, throttle)
        self.members = Members(account_records, session_records, self.sessions, clock)
        self.invitations = Invitations(registration, session_records)
        self.sign_up = SignUp(
            account_records,
            self.invitations,
            self.sessions,
            self.sign_in_links,
            passwords,
            throttle,
            DefaultProcessors(processors),
        )
        self.profile = Profile(self.accounts, state, processors)
        self.audit = AuditLog(store, key_secret, clock)
        self.event_feed = EventFeed(bus, state)
        self.fanout = Fanout(bus)
        access, parents = webhook_access or WebhookAccess(), state.buckets.parents
        hooks = build_webhook_parts(store, bus, access, clock, idempotency_keys, parents)
        self.webhooks, self.deliveries, self.webhook_sending, self.webhook_reactions = hooks
        self.event_streams = EventStreams(self.event_feed, self.fanout, self.sessions.identify)


async def _find_bucket(state: "State", caller: Caller, id: str) -> object:
    return await state.buckets.get(caller, id)
