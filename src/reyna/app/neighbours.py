"""The neighbours of a service: the others in this process themselves, the rest over the bus."""

from collections.abc import Callable, Sequence
from typing import Any

from reyna.domain.caller import Caller
from reyna.ports.bus import Bus
from reyna.services.composition import ServiceDescription
from reyna.transport.rpc import remote


class Neighbours:
    """Finds services by name. `local_names` are those of this process, which are added as they are built."""

    def __init__(
        self,
        services: Sequence[ServiceDescription[Any]],
        local_names: Sequence[str],
        bus: Bus,
        sign: Callable[[Caller], str],
    ) -> None:
        self._offered = {service.name: service.offered for service in services}
        self._local_names, self._bus, self._sign = local_names, bus, sign
        self._built: dict[str, Any] = {}

    def add(self, name: str, offered: object) -> None:
        """Adds the object with the verbs of a service of this process."""
        self._built[name] = offered

    def find(self, name: str) -> Any:
        """Returns an object with the verbs of the service, also for one of this process that is built later."""
        if name in self._built:
            return self._built[name]
        if name in self._local_names:
            return LazyNeighbour(lambda: self._built[name])
        return remote(self._offered[name], name, self._bus, self._sign)


class LazyNeighbour:
    """Stands for a service of this process that is built later; each verb is looked up when it is used."""

    def __init__(self, find: Callable[[], Any]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)
