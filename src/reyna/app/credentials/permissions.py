"""The subjects on NATS that a worker with a credential of its own may use: those of its processor, and no others."""

from collections.abc import Iterable

import msgspec

from reyna.adapters.nats.durable_consumer import ACK_SUBJECTS
from reyna.adapters.nats.jetstream_api import API_SUBJECTS
from reyna.adapters.nats.micro_service import RPC_SUBJECTS, WORKING
from reyna.domain.event import LIVE_SUBJECTS
from reyna.domain.processing.processor import BEAT_SUBJECTS
from reyna.domain.processing.prompts.estimate import rehearsal_service
from reyna.domain.processing.run import RUN_SUBJECTS
from reyna.ports.bus import Stream

RUNS: Stream = "RUNS"


class WorkerPermissions(msgspec.Struct, frozen=True):
    """Subjects that a user of NATS may publish on and subscribe to."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]


def user_name_of(processor_id: str) -> str:
    """Returns the name of the user of NATS for the workers of a processor."""
    return f"processor-{processor_id}"


def inbox_prefix_of(user_name: str) -> str:
    """Returns the beginning of the subjects for answers to this user, which nobody else may read."""
    return f"_INBOX_{user_name}"


def run_subject_of(processor_id: str) -> str:
    """Returns the subject of the runs of a processor, for all users."""
    return f"{RUN_SUBJECTS}.{processor_id}.*"


def permissions_of_worker(processor_id: str, verbs: Iterable[str]) -> WorkerPermissions:
    """Returns what the workers of this processor need; `verbs` are those that they call, as `service.part.verb`.

    They may not create a consumer: one with another filter would read the runs of other processors.
    """
    called = sorted(verbs)
    services = sorted({verb.partition(".")[0] for verb in called})
    return WorkerPermissions(
        publish=(
            *(f"{RPC_SUBJECTS}.{verb}" for verb in called),
            *(f"{RPC_SUBJECTS}.{service}.{WORKING}" for service in services),
            f"{BEAT_SUBJECTS}.{processor_id}",
            f"{LIVE_SUBJECTS}.*.processor.progress.{processor_id}",
            f"{API_SUBJECTS}CONSUMER.INFO.{RUNS}.{processor_id}",
            f"{API_SUBJECTS}CONSUMER.MSG.NEXT.{RUNS}.{processor_id}",
            f"{ACK_SUBJECTS}{RUNS}.{processor_id}.>",
        ),
        subscribe=(
            f"{inbox_prefix_of(user_name_of(processor_id))}.>",
            f"{LIVE_SUBJECTS}.*.processor.cancelled.{processor_id}",
            f"{RPC_SUBJECTS}.{rehearsal_service(processor_id)}.*",  # it answers rehearsals, and may be discovered
            "$SRV.>",
        ),
    )
