"""The REST routes of the reminder service."""

from typing import Final

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from reyna.transport.http import CurrentCaller
from tests.app.reminders.records import NewReminder, Reminder
from tests.app.reminders.service import Reminders

ReminderService = NamedDependency[Reminders]


@post("/reminders")
async def create_reminder(reminders: ReminderService, caller: CurrentCaller, data: JSONBody[NewReminder]) -> Reminder:
    """Create a reminder."""
    return await reminders.create(caller, data)


@get("/reminders")
async def list_reminders(reminders: ReminderService, caller: CurrentCaller) -> list[Reminder]:
    """Your reminders, the next one first."""
    return await reminders.list(caller)


routes: Final = [create_reminder, list_reminders]
