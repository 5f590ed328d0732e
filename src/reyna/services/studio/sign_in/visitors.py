"""The sender of a request that is not authenticated yet."""

import ipaddress
from typing import Final

import msgspec

IPV6_SOURCE_BITS: Final = 64  # the prefix that one household is given


class Visitor(msgspec.Struct, frozen=True, kw_only=True):
    """`devices` are the device tokens and `token` the session token that came along, none of them verified yet; `agent`
    is how the program names itself."""

    address: str | None = None
    devices: tuple[str, ...] = ()
    token: str | None = None
    agent: str | None = None

    @property
    def source(self) -> str:
        """The network address whose attempts are counted together."""
        try:
            address = ipaddress.ip_address((self.address or "").partition("%")[0])
        except ValueError:
            return "unknown"
        if isinstance(address, ipaddress.IPv6Address):
            if address.ipv4_mapped is None:
                return str(ipaddress.ip_network((address, IPV6_SOURCE_BITS), strict=False))
            return str(address.ipv4_mapped)
        return str(address)


UNKNOWN_VISITOR: Final = Visitor()
