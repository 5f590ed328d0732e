"""All dead letters of a user, or those of one processor, are replayed at once."""

from reyna.domain.caller import Caller
from reyna.domain.processing.run import RetryOptions
from tests.services.processors.service_in_memory import Service


async def fail_run(service: Service, user: Caller) -> str:
    worker, run = await service.claim_run(user)
    await service.processors.execution.fail(worker, run.id, "broke", final=True)
    return run.blob_id


async def test_all_letters_are_replayed_and_what_cannot_be_is_kept_with_the_reason(
    service: Service, ana: Caller, bo: Caller
) -> None:
    for _ in range(3):
        await fail_run(service, ana)
    gone = await fail_run(service, ana)
    await fail_run(service, bo)
    del service.state.kept[ana.user_id, gone]
    report = await service.processors.dead_letters.replay_all(ana, options=RetryOptions(version="same"))
    assert (report.replayed, len(report.kept), report.left) == (3, 1, 1)
    assert "there is no blob" in report.kept[0].reason
    runs = (await service.processors.runs.list(ana, status="requested")).items
    assert {run.required_version for run in runs} == {"1.0.0"}
    assert len((await service.processors.dead_letters.list(bo)).items) == 1


async def test_only_those_of_one_processor_are_replayed(service: Service, ana: Caller) -> None:
    await fail_run(service, ana)
    report = await service.processors.dead_letters.replay_all(ana, "another")
    assert (report.replayed, report.left) == (0, 0)
    assert (await service.processors.dead_letters.replay_all(ana, "text-expansion")).replayed == 1
