"""A port in use is reported with its holder."""

import os
import socket

import pytest

from reyna.domain.errors import CannotStart
from reyna.embedded.tcp_ports import PortBusy, free_port, free_ports, require_free


def test_a_busy_port_names_who_holds_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortBusy, match=rf"port {port} on 127\.0\.0\.1 is held by .+ \(process {os.getpid()}\)"):
            require_free("127.0.0.1", port)
        with pytest.raises(PortBusy):
            require_free("0.0.0.0", port)  # noqa: S104 - that it is taken there as well is the point


def test_a_free_port_may_be_used() -> None:
    require_free("127.0.0.1", free_port())
    require_free("localhost", free_port())


def test_a_preferred_port_is_taken_when_it_is_free() -> None:
    port = free_port()
    assert free_port(port) == port
    with socket.create_server(("127.0.0.1", port)):
        assert free_port(port) != port


def test_free_ports_differ_and_are_none_that_a_connection_may_take() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as outgoing:
        found = free_ports(100)
        assert len(set(found)) == 100
        assert max(found) < min(server.getsockname()[1], outgoing.getsockname()[1])


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(CannotStart, match=f"cannot listen on {host}"):
        require_free(host, free_port())
