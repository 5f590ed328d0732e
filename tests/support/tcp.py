"""The process at the other end of a TCP connection on this machine."""

from pathlib import Path

from reyna.embedded.tcp_ports import open_files_of

ESTABLISHED = "01"  # the state of a connection in /proc/net/tcp


def pid_serving(port: int, client_port: int, among: list[int]) -> int:
    """Returns which of these processes holds the server's end of the connection from `client_port` to `port`."""
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        local, remote = (int(address.rpartition(":")[2], 16) for address in fields[1:3])
        if (local, remote, fields[3]) == (port, client_port, ESTABLISHED):
            return next(pid for pid in among if f"socket:[{fields[9]}]" in open_files_of(pid))
    raise AssertionError("there is no such connection")
