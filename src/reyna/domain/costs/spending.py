"""Spending caps: the most that a user wants to pay for language models in a calendar month (UTC)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import MAX_ID_CHARACTERS, Count
from reyna.domain.costs.money import CURRENCY, format_amount
from reyna.domain.event import Event

CAP_ID: Final = "spending-cap"
RESERVATION_LIFETIME: Final = timedelta(minutes=30)  # a call takes 15 at most, and may wait for its turn before it


class NewSpendingCap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The cap to set: an amount in US dollars, as a text or a number."""

    amount: str | float
    currency: Literal["USD"] = "USD"


class SpendingCap(msgspec.Struct, frozen=True, kw_only=True):
    """The cap of a user, null for none, and what was spent in this month. `reserved` is the worst case of the calls
    that are under way; `left` is what neither was spent nor is reserved."""

    amount: str | None
    currency: str = CURRENCY
    month: str
    spent: str
    reserved: str
    left: str | None
    ends_at: datetime
    revision: int = 0


class StoredCap(msgspec.Struct, frozen=True, kw_only=True):
    """The cap in billionths of a US dollar. `exceeded_in` is the last month in which it stopped a call."""

    id: str = CAP_ID
    user_id: str
    nanos: int
    exceeded_in: str | None = None
    revision: int = 1
    updated_at: datetime

    def event(self, action: Literal["changed"], caller: Caller, **facts: Any) -> Event:
        about = {"amount": format_amount(self.nanos), "currency": CURRENCY, "revision": self.revision}
        return Event.now(f"spending-cap.{action}", caller, about | facts, about=self.id)

    def exceeded_event(self, caller: Caller, used: str) -> Event:
        """Returns the event that a call was refused; `used` is what is spent or reserved."""
        facts = {"what": "spending", "used": used, "allowed": format_amount(self.nanos), "currency": CURRENCY}
        return Event.now("quota.exceeded", Caller(user_id=caller.user_id, kind="house"), facts)


class CallReservation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The worst case of one call: the tokens of its prompt, and the most that it may write."""

    id: Annotated[str, Meta(min_length=1, max_length=MAX_ID_CHARACTERS)]
    input_tokens: Count
    max_tokens: Count


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is under way, and what it may cost in billionths of a US dollar. It counts in the month in which it
    was made, until it is settled or expires."""

    id: str
    user_id: str
    run_id: str
    month: str
    nanos: int
    expires_at: datetime
    revision: int = 1


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """The rest of the spending cap of a user in this month."""

    amount: str
    currency: str = CURRENCY


def month_of(moment: datetime) -> str:
    """Returns the month (UTC) of a moment, such as `2026-03`."""
    return moment.astimezone(UTC).strftime("%Y-%m")


def end_of_month(moment: datetime) -> datetime:
    """Returns the beginning of the next month (UTC)."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def spent_sum(month: str) -> str:
    """Returns the name of the sum of what is spent or reserved in a month."""
    return f"spent:{month}"
