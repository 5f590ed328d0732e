"""The spending cap of each user: verbs to set and read it, and to reserve a call before it is made."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from reyna.domain.caller import Caller
from reyna.domain.costs.cost import ModelUse
from reyna.domain.costs.money import format_amount, parse_amount
from reyna.domain.costs.spending import (
    CAP_ID,
    RESERVATION_LIFETIME,
    Budget,
    CallReservation,
    NewSpendingCap,
    Reservation,
    SpendingCap,
    StoredCap,
    end_of_month,
    month_of,
    spent_sum,
)
from reyna.domain.errors import Conflict, Fault, NotFound, SpendingCapReached, UnknownPrice
from reyna.domain.processing.run import Run
from reyna.domain.requests.precondition import IfMatch
from reyna.ports.store import Delete, Increment, Put, Require, RequirementNotMet, Store
from reyna.services.processors.authorization import check_not_processor, check_run_token
from reyna.services.processors.costs.cap_cache import CapCache
from reyna.services.processors.costs.reservations import Reservations
from reyna.services.processors.costs.run_prices import RunPrices
from reyna.services.processors.records import RESERVATIONS, SPENDING_CAPS
from reyna.services.processors.runs import lifecycle
from reyna.services.processors.runs.run_store import RunStore

MAX_WRITE_ATTEMPTS: Final = 10  # the cap is changed, or reservations expire, while a call is reserved


class Spending:
    """Keeps the spending of each user in a calendar month (UTC) below the cap that the user has set.

    `store` is without quota limits, whose words are others.
    """

    def __init__(
        self,
        store: Store,
        runs: RunStore,
        prices: RunPrices,
        reservations: Reservations,
        caps: CapCache,
        clock: Callable[[], datetime],
    ) -> None:
        self._store, self._runs, self._prices = store, runs, prices
        self._reservations, self._caps, self._clock = reservations, caps, clock

    async def get_cap(self, caller: Caller) -> SpendingCap:
        """Returns the cap, null for none, with what was spent in this month."""
        await self._reservations.release_expired(caller.user_id)
        return await self._show(caller.user_id, await self._stored(caller.user_id))

    async def set_cap(self, caller: Caller, new: NewSpendingCap, *, if_match: IfMatch | None = None) -> SpendingCap:
        """Sets the cap, which counts from the next call on. Raises Invalid for what is no amount."""
        check_not_processor(caller)
        nanos, before = parse_amount(new.amount), await self._stored(caller.user_id)
        if if_match is not None:
            if_match.check(before.revision if before else None)
        revision = before.revision if before else 0
        cap = StoredCap(user_id=caller.user_id, nanos=nanos, revision=revision + 1, updated_at=self._clock())
        try:
            await self._store.write(
                Put(SPENDING_CAPS, cap, expects=revision), messages=[cap.event("changed", caller).message()]
            )
        except RequirementNotMet:
            raise Conflict("The spending cap was changed at the same moment. Try again.") from None
        self._caps.invalidate(caller.user_id)
        return await self._show(caller.user_id, cap)

    async def remove_cap(self, caller: Caller, *, if_match: IfMatch | None = None) -> None:
        """Removes the cap. Raises NotFound when there is none, and Conflict when it is changed at this moment."""
        check_not_processor(caller)
        cap = await self._stored(caller.user_id)
        if if_match is not None:
            if_match.check(cap.revision if cap else None)
        if cap is None:
            raise NotFound("You have no spending cap.")
        try:
            await self._store.write(
                Require(SPENDING_CAPS, caller.user_id, CAP_ID, {"revision": cap.revision}),
                Delete(SPENDING_CAPS, caller.user_id, CAP_ID),
                messages=[cap.event("changed", caller, dropped=True).message()],
            )
        except RequirementNotMet:
            raise Conflict("The spending cap was changed at the same moment. Try again.") from None
        self._caps.invalidate(caller.user_id)

    async def reserve(self, caller: Caller, run_id: str, call: CallReservation) -> None:
        """Reserves the worst case of a call, in one write on condition that the month stays below the cap.

        Raises SpendingCapReached when it does not, UnknownPrice when nobody knows, and Conflict when the run has ended.
        """
        check_run_token(caller, run_id)
        run = await self._runs.get(caller, run_id)
        lifecycle.check_open(run)
        for _ in range(MAX_WRITE_ATTEMPTS):
            cap = await self._stored(caller.user_id)
            if cap is None:
                return
            reservation = await self._new_reservation(run, call)
            if reservation is None or await self._store_reservation(caller, cap, reservation):
                return
        raise Fault("Too much happened to the spending of this user at once.")

    async def budget_of(self, caller: Caller) -> Budget | None:
        """Returns what is left of the month, or None without a cap."""
        if not await self._caps.has_cap(caller.user_id):
            return None
        shown = await self._show(caller.user_id, await self._stored(caller.user_id))
        return None if shown.left is None else Budget(amount=shown.left)

    async def has_cap(self, user_id: str) -> bool:
        """No verb: its first parameter is no caller."""
        return await self._caps.has_cap(user_id)

    async def _new_reservation(self, run: Run, call: CallReservation) -> Reservation | None:
        """Returns the reservation of a call, None for one that is free. Raises UnknownPrice."""
        use = ModelUse(calls=1, input_tokens=call.input_tokens, output_tokens=call.max_tokens)
        nanos, now = await self._prices.amount_of(run, use), self._clock()
        if nanos is None:
            raise UnknownPrice
        if nanos == 0:
            return None
        return Reservation(
            id=call.id,
            user_id=run.user_id,
            run_id=run.id,
            month=month_of(now),
            nanos=nanos,
            expires_at=now + RESERVATION_LIFETIME,
        )

    async def _store_reservation(self, caller: Caller, cap: StoredCap, reservation: Reservation) -> bool:
        """Returns False when it is to be tried again. Raises SpendingCapReached."""
        user_id = caller.user_id
        try:
            await self._store.write(
                Increment(user_id, spent_sum(reservation.month), reservation.nanos, at_most=cap.nanos),
                Require(SPENDING_CAPS, user_id, CAP_ID, {"revision": cap.revision}),
                Put(RESERVATIONS, reservation),
            )
        except RequirementNotMet as unmet:
            if unmet.kind == "put":  # it is reserved already
                return True
            if unmet.kind == "require":  # the cap has changed
                return False
        else:
            return True
        if await self._reservations.release_expired(user_id):
            return False
        return await self._refuse(caller, cap, reservation)

    async def _refuse(self, caller: Caller, cap: StoredCap, reservation: Reservation) -> bool:
        """Tells the devices of the user once a month and cap, and raises SpendingCapReached.

        Returns False when the cap has changed meanwhile.
        """
        total = (await self._store.sums(caller.user_id)).get(spent_sum(reservation.month), 0)
        used, allowed = format_amount(total), format_amount(cap.nanos)
        if cap.exceeded_in != reservation.month:
            marked = replace(cap, exceeded_in=reservation.month, revision=cap.revision + 1)
            event = cap.exceeded_event(caller, used)
            try:
                await self._store.write(Put(SPENDING_CAPS, marked, expects=cap.revision), messages=[event.message()])
            except RequirementNotMet:
                return False
        raise SpendingCapReached(
            f"Your spending cap of {allowed} US dollars a month does not allow another call of the language model: "
            f"{used} are spent or reserved. Raise the cap, or wait until the month ends "
            f"({end_of_month(self._clock()):%d %B %Y}, UTC).",
            what="spending",
            used=used,
            allowed=allowed,
        )

    async def _stored(self, user_id: str) -> StoredCap | None:
        return await self._store.get(SPENDING_CAPS, user_id, CAP_ID)

    async def _show(self, user_id: str, cap: StoredCap | None) -> SpendingCap:
        month = month_of(self._clock())
        reserved = await self._reservations.total(user_id, month)
        total = (await self._store.sums(user_id)).get(spent_sum(month), 0)
        return SpendingCap(
            amount=None if cap is None else format_amount(cap.nanos),
            month=month,
            spent=format_amount(total - reserved),
            reserved=format_amount(reserved),
            left=None if cap is None else format_amount(max(cap.nanos - total, 0)),
            ends_at=end_of_month(self._clock()),
            revision=0 if cap is None else cap.revision,
        )
