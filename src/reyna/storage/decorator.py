"""The base of Store decorators, which change how a Store writes."""

from reyna.ports.store import Store


class StoreDecorator:
    """Forwards every method of a Store except `write` to the wrapped store `_below`; subclasses define `write`."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.get, self.find, self.count, self.walk = store.get, store.find, store.count, store.walk
        self.count_by, self.select, self.sums = store.count_by, store.select, store.sums
        self.clock_reading, self.list_users, self.check = store.clock_reading, store.list_users, store.check
        self.list_unsent, self.mark_sent = store.list_unsent, store.mark_sent
