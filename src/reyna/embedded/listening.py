"""TCP ports of this machine: which are free, and who holds the others."""

import contextlib
import errno
import os
import socket
from pathlib import Path
from typing import Any, Final

from reyna.config import CannotStart

LISTEN: Final = "0A"  # the state of a listening socket in /proc/net/tcp


class PortBusy(CannotStart):
    """Something else listens on this port."""

    def __init__(self, host: str, port: int, holder: str | None) -> None:
        self.host, self.port, self.holder = host, port, holder
        who = holder or "another process"
        super().__init__(f"port {port} on {host} is held by {who}: stop it, or choose another port")


def free_port(preferred: int | None = None) -> int:
    """A free loopback port: the preferred one if it can be had, else one that the system picks."""
    for port in (preferred, 0):
        if port is None:
            continue
        with socket.socket() as probe:
            try:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(errno.EADDRNOTAVAIL, "no free loopback port")


def require_free(host: str, port: int) -> None:
    """Raises PortBusy, naming the holder where we may see it, when `port` cannot be listened on."""
    refused: list[OSError] = []
    addresses = _addresses(host, port)
    for family, address in addresses:
        try:
            _listen(family, address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortBusy(host, port, holder(port)) from None
            refused.append(error)
    if len(refused) == len(addresses):  # one is enough: a name may stand for an IPv6 address that we do not have
        raise CannotStart(f"cannot listen on {host}:{port}: {os.strerror(refused[0].errno or 0)}")


def holder(port: int) -> str | None:
    """Who listens on this port, such as `nginx (process 812)`; None where the system does not tell."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _open_in(process):
            return f"{(process / 'comm').read_text(encoding='utf-8').strip()} (process {process.name})"
    return None


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return [(family, address) for family, _, _, _, address in found]


def _listen(family: socket.AddressFamily, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.bind(address)


def _open_in(process: Path) -> set[str]:
    """What the process has open, as the system names it; nothing when it is not ours to see, or gone by now."""
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in (process / "fd").iterdir():
            with contextlib.suppress(OSError):  # closed since
                found.add(str(descriptor.readlink()))
    return found


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
