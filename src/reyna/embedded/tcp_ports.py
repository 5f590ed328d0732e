"""TCP ports of this machine: free ones, and the processes that hold the others."""

import contextlib
import errno
import os
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from reyna.domain.errors import CannotStart

PORTS_TO_LISTEN_ON: Final = range(16_384, 32_768)  # Linux connects from 32,768 up, others from 49,152 (RFC 6335)
LISTEN: Final = "0A"  # the state of a listening socket in /proc/net/tcp


class PortBusy(CannotStart):
    """Something else listens on this port."""

    def __init__(self, host: str, port: int, holder: str | None) -> None:
        self.host, self.port, self.holder = host, port, holder
        who = holder or "another process"
        super().__init__(f"port {port} on {host} is held by {who}: stop it, or choose another port")


def free_port(preferred: int | None = None) -> int:
    """Returns a free loopback port: the preferred one if possible, else one of `free_ports`."""
    if preferred is not None:
        with contextlib.suppress(OSError), _bound(preferred):
            return preferred
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Returns different free loopback ports, below those that the system gives to outgoing connections.

    A port of that other range can be taken by any connection of any process before the caller listens on it, or
    while a server that wants it back is restarted. Raises OSError when none is free.
    """
    with contextlib.ExitStack() as held:
        found: list[int] = []
        for port in random.sample(PORTS_TO_LISTEN_ON, len(PORTS_TO_LISTEN_ON)):
            with contextlib.suppress(OSError):
                held.enter_context(_bound(port))
                found.append(port)
            if len(found) == count:
                return found
    raise OSError(errno.EADDRNOTAVAIL, "no free loopback port")


def require_free(host: str, port: int) -> None:
    """Raises PortBusy when another process listens on `port`, and CannotStart when it cannot be listened on."""
    refused: list[OSError] = []
    addresses = _addresses(host, port)
    for family, address in addresses:
        try:
            _bind(family, address).close()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortBusy(host, port, holder(port)) from None
            refused.append(error)
    if len(refused) == len(addresses):  # one is enough: a name may stand for IPv6, which we may lack
        raise CannotStart(f"cannot listen on {host}:{port}: {os.strerror(refused[0].errno or 0)}")


def bind_shared(host: str, port: int) -> list[socket.socket]:
    """Returns a socket for each address of this host, bound to a port that other processes of this user bind too.

    When all have set SO_REUSEPORT, Linux gives each new connection to one of those that listen, by its addresses and
    ports. Each has a queue of its own, which ends with it: what waits there is reset at once. Raises CannotStart.
    """
    found, refused = list[socket.socket](), list[OSError]()
    for family, address in _addresses(host, port):
        try:
            found.append(_bind(family, address, shares_port=True))
        except OSError as error:
            refused.append(error)
    if found and all(error.errno != errno.EADDRINUSE for error in refused):
        return found
    for one in found:
        one.close()
    raise CannotStart(f"cannot listen on {host}:{port}: {os.strerror(refused[0].errno or 0)}")


def holder(port: int) -> str | None:
    """Returns the listener on this port, such as `nginx (process 812)`; None where the system does not tell."""
    pid = next(iter(holder_pids(port)), None)
    with contextlib.suppress(OSError):  # it has ended meanwhile
        return f"{Path(f'/proc/{pid}/comm').read_text(encoding='utf-8').strip()} (process {pid})" if pid else None
    return None


def holder_pids(port: int) -> set[int]:
    """Returns the processes that listen on this port; none where the system does not tell."""
    inodes = _listening_inodes(port)
    if not inodes:
        return set()
    pids = (int(process.name) for process in Path("/proc").glob("[0-9]*"))
    return {pid for pid in pids if inodes & open_files_of(pid)}


def open_files_of(pid: int) -> set[str]:
    """Returns the names of the open files of a process; none when it is another user's or has ended."""
    found = set()
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # it was closed meanwhile
                found.add(str(descriptor.readlink()))
    return found


@contextlib.contextmanager
def _bound(port: int) -> Iterator[None]:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        yield


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, Any]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise CannotStart(f"cannot listen on {host}:{port}: {error.strerror}") from None
    return [(family, address) for family, _, _, _, address in found]


def _bind(family: socket.AddressFamily, address: Any, *, shares_port: bool = False) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shares_port:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


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
