"""Gateway workers: further processes that run the gateway and the state service behind one port."""

import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from reyna.app.addresses import Addresses
from reyna.app.config import Settings
from reyna.domain.errors import WrongSetting

SHARED_SERVICES: Final = ("state", "studio")  # that a gateway worker runs; devices reach the last of them
READY: Final = "ready"  # what a gateway worker prints when it listens; anything else is why it does not start


class Assignment(msgspec.Struct, frozen=True):
    """All that a gateway worker needs to know; `number` is 2 for the first, since the main process is number 1."""

    number: int
    services: Sequence[str]
    settings: Settings
    addresses: Addresses

    def encode(self) -> bytes:
        return msgspec.json.encode(self, enc_hook=str)

    @classmethod
    def decode(cls, text: bytes) -> "Assignment":
        return msgspec.json.decode(text, type=cls, dec_hook=_path)


def count_gateway_workers(settings: Settings, services: Sequence[str]) -> int:
    """Returns how many a main process with these services has beside it."""
    return settings.workers - 1 if service_at_shared_port(settings, services) else 0


def plan_assignments(settings: Settings, services: Sequence[str], addresses: Addresses) -> list[Assignment]:
    """Returns one for each gateway worker beside a main process with these services."""
    shared = [name for name in SHARED_SERVICES if name in services]
    count = count_gateway_workers(settings, services)
    return [Assignment(number, shared, settings, addresses) for number in range(2, count + 2)]


def service_at_shared_port(settings: Settings, services: Sequence[str]) -> str | None:
    """Returns the one of these services whose port several processes listen on."""
    shared = [name for name in SHARED_SERVICES if name in services]
    return shared[-1] if shared and settings.workers > 1 else None


def require_shared_ports(settings: Settings, system: str = sys.platform) -> None:
    """Raises WrongSetting when several processes are wanted and this system does not spread connections over them."""
    if settings.workers > 1 and not (system == "linux" and hasattr(socket, "SO_REUSEPORT")):
        why = "more than 1 needs Linux, which spreads the connections of one port over processes (SO_REUSEPORT)"
        raise WrongSetting("REYNA_WORKERS", why)


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
