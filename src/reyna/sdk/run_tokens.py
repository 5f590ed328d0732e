"""The tokens that a worker acts with: its processor's own, and one for each run that it holds."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import NotSignedIn
from reyna.domain.processing.run import Work

SignToken = Callable[[Caller], str]
"""Returns the signed token of a caller."""
T = TypeVar("T")


class TokenRenewal(Protocol):
    """Gives a worker a new token of its run."""

    async def renew_token(self, caller: Caller, user_id: str, run_id: str) -> str: ...


class RunTokens:
    """The tokens of the runs under way. A token that is refused is replaced, so that its run is never lost."""

    def __init__(self, processor_id: str, sign: SignToken) -> None:
        self.own_caller = Caller(user_id=SYSTEM_USER_ID, kind="processor", processor_id=processor_id)
        self._sign = sign
        self._tokens: dict[str, str] = {}  # by run

    def __contains__(self, run_id: object) -> bool:
        return run_id in self._tokens

    def add(self, work: Work) -> None:
        self._tokens[work.run_id] = work.token

    def remove(self, work: Work) -> None:
        del self._tokens[work.run_id]

    def token_of(self, caller: Caller) -> str:
        """Returns the token of the caller's run, or the processor's own."""
        return self._tokens[caller.run_id] if caller.run_id else self._sign(caller)

    async def with_renewal(self, renewal: TokenRenewal, work: Work, call: Callable[[], Awaitable[T]]) -> T:
        """Returns what `call` returns; when the run's token is refused, calls it once more with a new one.

        Raises what `call` raises, Conflict when the run has ended, and NotSignedIn when the worker's own token is
        refused as well.
        """
        try:
            return await call()
        except NotSignedIn:
            self._tokens[work.run_id] = await renewal.renew_token(self.own_caller, work.user_id, work.run_id)
            return await call()
