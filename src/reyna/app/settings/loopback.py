"""Addresses that only programs of this machine reach."""

import ipaddress


def is_loopback(host: str) -> bool:
    """Tells whether a server on this address is reached from this machine alone."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
