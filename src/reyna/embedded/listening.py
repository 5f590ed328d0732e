"""TCP ports of this machine: which are free, and who holds the others."""

import errno
import os
import socket
from pathlib import Path
from typing import Final

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
    for family, kind, _, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(address)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise PortBusy(host, port, holder(port)) from None
                raise CannotStart(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from None


def holder(port: int) -> str | None:
    """Who listens on this port, such as `nginx (process 812)`; None where the system does not tell."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            links = {str(fd.readlink()) for fd in (process / "fd").iterdir()}
        except OSError:  # not ours to see, or gone by now
            continue
        if inodes & links:
            return f"{(process / 'comm').read_text(encoding='utf-8').strip()} (process {process.name})"
    return None


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
