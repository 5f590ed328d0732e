"""Remote procedure calls between services: `serve` answers a service's verbs over the bus, `remote` calls them."""

from reyna.transport.rpc.client import remote, retry_until_served
from reyna.transport.rpc.server import serve
from reyna.transport.rpc.signer import Signer
from reyna.transport.rpc.verbs import long_running, parts_of, verbs_of

__all__ = ["Signer", "long_running", "parts_of", "remote", "retry_until_served", "serve", "verbs_of"]
