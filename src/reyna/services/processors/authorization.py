"""Authorization: checks of the caller for the verbs of the processor service."""

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import Forbidden, RunningElsewhere
from reyna.domain.processing.processor import Processor
from reyna.domain.processing.run import Run


def check_not_processor(caller: Caller) -> None:
    """Raises Forbidden for a processor: it may read for its user; it changes things only through its own run."""
    if caller.kind == "processor":
        raise Forbidden("A processor may not do this for its user.")


def check_run_token(caller: Caller, run_id: str) -> None:
    """Raises Forbidden unless the caller acts with the token of this run."""
    if caller.kind != "processor" or caller.run_id != run_id:
        raise Forbidden("Only the worker that was handed this run may do this.")


def check_not_elsewhere(run: Run, worker_id: str | None) -> None:
    """Raises RunningElsewhere when a worker other than this one holds the run; one without a name counts as the holder.

    A worker that was taken for gone, and comes back, must not end the run of the one that follows it.
    """
    if run.status == "running" and run.worker_id is not None and worker_id not in (None, run.worker_id):
        raise RunningElsewhere(current=run)


def check_worker(caller: Caller) -> None:
    """Raises Forbidden unless the caller is a worker that acts with its processor's own token."""
    if caller.kind != "processor" or caller.run_id is not None:
        raise Forbidden("Only a processor's worker may ask for the token of its run.")


def check_may_claim(caller: Caller, processor: Processor) -> None:
    """Raises Forbidden unless the caller is the user whose own processor this is.

    What a program may do with a credential that is narrower than a session is to be checked here.
    """
    if caller.kind != "user":
        raise Forbidden("Only a worker with its user's token may claim runs.")
    if processor.scope != "user" or processor.user_id != caller.user_id:
        raise Forbidden("The runs of this processor go to the workers of the installation.", id=processor.id)


def check_may_send_beats(caller: Caller) -> None:
    """Raises Forbidden for a user."""
    if caller.kind not in {"house", "processor"}:
        raise Forbidden("Only a processor's worker may send beats.")


def owner_of_registration(caller: Caller, processor_id: str) -> str:
    """Returns the user who owns what the caller registers: the system for the application and for a processor that
    registers itself, and a user for their own. Raises Forbidden for everybody else, such as a processor in a run.
    """
    match caller.kind:
        case "house":
            return caller.user_id
        case "processor" if caller.processor_id == processor_id and caller.run_id is None:
            return SYSTEM_USER_ID
        case "user" if caller.user_id != SYSTEM_USER_ID:
            return caller.user_id
    raise Forbidden("A processor is registered by the application, by itself or by its user.", id=processor_id)
