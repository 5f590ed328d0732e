"""Limits on connections that wait for their client before anybody is authenticated on them, by network address."""

import ipaddress
from collections.abc import Callable
from typing import Final

Client = tuple[str, int]
MAX_WAITING_PER_ADDRESS: Final = 1_000  # a studio behind a proxy sees all its devices under one address
BURST_FACTOR: Final = 8  # times as many may wait for a grace period, as all devices reconnect after a restart
GRACE_SECONDS: Final = 1.0
IPV6_PREFIX_BITS: Final = 64  # one customer has all the addresses below


class AnonymousConnections:
    """Counts, by address, the connections that owe us a request or a sign-in and were never authenticated.

    Where there are too many, the oldest are closed. A connection that was authenticated is not counted any more, so
    that any number of devices may connect from one address.
    """

    def __init__(self, max_per_address: int = MAX_WAITING_PER_ADDRESS) -> None:
        self._max_per_address = max_per_address
        self._waiting: dict[str, dict[Client, tuple[float, Callable[[], None]]]] = {}  # oldest first
        self._authenticated = set[Client]()

    def add(self, client: Client, close: Callable[[], None], now: float) -> bool:
        """Counts a connection that waits for its client; `now` is the time of the event loop. Returns False when there
        are too many to let it wait."""
        if client in self._authenticated:
            return True
        waiting = self._waiting.setdefault(_address_of(client[0]), {})
        if len(waiting) >= BURST_FACTOR * self._max_per_address:
            return False
        waiting[client] = (now, close)
        return True

    def remove(self, client: Client) -> None:
        """Does not count this connection while it waits for our answer."""
        address = _address_of(client[0])
        if (
            (waiting := self._waiting.get(address)) is not None
            and waiting.pop(client, None) is not None
            and not waiting
        ):
            del self._waiting[address]

    def authenticate(self, client: Client) -> None:
        """Never counts this connection again: somebody was authenticated on it."""
        if client not in self._authenticated:
            self._authenticated.add(client)
            self.remove(client)

    def forget(self, client: Client) -> None:
        """Drops everything about a connection that is closed."""
        self._authenticated.discard(client)
        self.remove(client)

    def count(self) -> int:
        """Returns the number of connections that something is known about."""
        return sum(len(waiting) for waiting in self._waiting.values()) + len(self._authenticated)

    def close_surplus(self, now: float) -> None:
        """Closes the oldest connections of an address that has too many, after a grace period. Called every second."""
        since = now - GRACE_SECONDS
        for waiting in list(self._waiting.values()):
            surplus = len(waiting) - self._max_per_address
            for client, (began, close) in list(waiting.items())[: max(0, surplus)]:
                if began <= since:
                    self.remove(client)
                    close()


def _address_of(host: str) -> str:
    """Returns the address that connections are counted by: the /64 network of an IPv6 address."""
    if ":" not in host:
        return host
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), IPV6_PREFIX_BITS), strict=False))
