"""A store over a store: whatever it does not do in its own way is done by the one below."""

from reyna.ports import Store


class Over:
    """Everything of a Store but `write`, which is what the one over it does in its own way, with the one `_below`."""

    def __init__(self, store: Store) -> None:
        self._below = store
        self.get, self.find, self.count, self.walk = store.get, store.find, store.count, store.walk
        self.tally, self.pick, self.sums, self.users = store.tally, store.pick, store.sums, store.users
        self.unsent, self.mark_sent, self.check = store.unsent, store.mark_sent, store.check
