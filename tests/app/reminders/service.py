"""The verbs of the reminder service."""

from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.ids import new_id
from reyna.ports.store import Put, Store
from tests.app.reminders.records import REMINDERS, NewReminder, Reminder


class Reminders:
    """The reminders of every user, each user's own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(self, caller: Caller, new: NewReminder) -> Reminder:
        """Stores a reminder, and its event with it in one write. Returns the reminder."""
        reminder = Reminder(id=new_id("reminder"), user_id=caller.user_id, text=new.text, due_at=new.due_at)
        created = Event.now("reminder.created", caller, {"reminder_id": reminder.id})
        await self._store.write(Put(REMINDERS, reminder), messages=[created.message()])
        return reminder

    async def list(self, caller: Caller, limit: int = 50) -> list[Reminder]:
        """Returns the caller's reminders, the next one first."""
        return list(await self._store.find(REMINDERS, caller.user_id, order=("due_at",), limit=limit))
