"""The spending caps of users as a worker over HTTPS keeps to them: it pays its model itself, and knows the price."""

from typing import Final, NamedTuple

from reyna.domain.costs.cost import CostReport, ModelUse, Price, add_uses
from reyna.domain.costs.money import format_amount, parse_amount
from reyna.domain.costs.spending import Budget, CallReservation
from reyna.domain.errors import SpendingCapReached

MAX_REMEMBERED_ATTEMPTS: Final = 10_000  # far more than a worker makes at a time


class ReservedCall(NamedTuple):
    """A call that is under way, at its worst."""

    user_id: str
    nanos: int


class WorkerBudgets:
    """The rest of the spending cap of each user, which the runs of one worker share.

    The studio tells the rest with every claim. What other workers spend meanwhile is not known here.
    """

    def __init__(self, price: Price | None) -> None:
        self.price = price
        self._left: dict[str, int] = {}  # by user, without the calls under way
        self._reserved: dict[str, ReservedCall] = {}  # by call
        self._counted: dict[str, int] = {}  # of each attempt, as it was reported last

    def begin(self, user_id: str, budget: Budget | None) -> None:
        """Takes over what is left at a claim, less the calls under way; a budget of None is without limit."""
        if budget is None:
            self._left.pop(user_id, None)
        else:
            under_way = sum(call.nanos for call in self._reserved.values() if call.user_id == user_id)
            self._left[user_id] = parse_amount(budget.amount) - under_way

    def reserve(self, user_id: str, call: CallReservation) -> None:
        """Reserves the worst case of a call. Raises SpendingCapReached when it does not fit."""
        left = self._left.get(user_id)
        if left is None or self.price is None:
            return
        nanos = self.price.amount_of(ModelUse(input_tokens=call.input_tokens, output_tokens=call.max_tokens))
        if nanos > left:
            raise SpendingCapReached(
                f"Your spending cap does not allow another call of the language model of this worker: "
                f"{format_amount(max(left, 0))} US dollars are left of this month.",
                what="spending",
            )
        self._left[user_id] = left - nanos
        self._reserved[call.id] = ReservedCall(user_id, nanos)

    def settle(self, user_id: str, report: CostReport) -> None:
        """Releases the calls that a report settles, and takes off what was used since the last one of its attempt."""
        released = sum(call.nanos for id in report.settles if (call := self._reserved.pop(id, None)) is not None)
        used = sum(use.nanos for use in add_uses(*report.models))
        before = self._counted.pop(report.attempt, 0)
        self._counted[report.attempt] = used
        if len(self._counted) > MAX_REMEMBERED_ATTEMPTS:
            del self._counted[next(iter(self._counted))]
        if user_id in self._left:
            self._left[user_id] += released - (used - before)
