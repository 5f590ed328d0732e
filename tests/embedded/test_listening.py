"""A port that is taken is told, with who took it."""

import os
import socket

import pytest

from reyna.config import CannotStart
from reyna.embedded.listening import PortBusy, free_port, require_free


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


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_ours_is_refused(host: str) -> None:
    with pytest.raises(CannotStart, match=f"cannot listen on {host}"):
        require_free(host, free_port())
