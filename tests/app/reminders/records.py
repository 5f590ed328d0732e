"""The records and the collections of the reminder service."""

from datetime import datetime
from typing import Final

import msgspec

from reyna.ports.store import Collection


class Reminder(msgspec.Struct, frozen=True, kw_only=True):
    """A text to come back to at a time."""

    id: str
    user_id: str
    text: str
    due_at: datetime
    revision: int = 1


class NewReminder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reminder to create."""

    text: str
    due_at: datetime


REMINDERS: Final = Collection("reminders.reminders", Reminder, ("due_at",))
COLLECTIONS: Final = (REMINDERS,)
