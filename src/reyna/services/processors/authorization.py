"""Authorization: checks of the caller for the verbs of the processor service."""

from reyna.domain.caller import Caller
from reyna.domain.errors import Forbidden


def check_not_processor(caller: Caller) -> None:
    """Raises Forbidden for a processor: it may read for its user; it changes things only through its own run."""
    if caller.kind == "processor":
        raise Forbidden("A processor may not do this for its user.")


def check_run_token(caller: Caller, run_id: str) -> None:
    """Raises Forbidden unless the caller acts with the token of this run."""
    if caller.kind != "processor" or caller.run_id != run_id:
        raise Forbidden("Only the worker that was handed this run may do this.")


def check_worker(caller: Caller) -> None:
    """Raises Forbidden unless the caller is a worker that acts with its processor's own token."""
    if caller.kind != "processor" or caller.run_id is not None:
        raise Forbidden("Only a processor's worker may ask for the token of its run.")


def check_may_send_beats(caller: Caller) -> None:
    """Raises Forbidden for a user."""
    if caller.kind not in {"house", "processor"}:
        raise Forbidden("Only a processor's worker may send beats.")


def check_may_register(caller: Caller, processor_id: str) -> None:
    """Raises Forbidden unless the caller is the application or the processor itself.

    For a user, registering would change what all users run.
    """
    is_itself = caller.kind == "processor" and caller.processor_id == processor_id
    if caller.kind != "house" and not is_itself:
        raise Forbidden("Processors are registered by the application or by themselves, not by users.", id=processor_id)
