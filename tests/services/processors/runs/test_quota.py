"""How many runs a user may request in a day."""

from datetime import timedelta

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import TooMuch
from reyna.domain.processing.run import NewRuns
from reyna.domain.quota import Usage
from tests.services.processors.neighbours import a_blob, list_events, list_work
from tests.services.processors.service_in_memory import Service


@pytest.fixture
async def narrow() -> Service:
    """A service that lets everyone request two runs a day."""
    service = Service(allowed={"runs": 2})
    await service.register()
    return service


async def test_every_run_that_is_requested_counts_for_its_day(service: Service, ana: Caller, bo: Caller) -> None:
    assert await service.processors.runs.usage(ana) == Usage(used={"runs": 0}, allowed={})
    await service.request_run(ana)
    await service.request_run(ana)
    assert (await service.processors.runs.usage(ana)).used == {"runs": 2}
    assert (await service.processors.runs.usage(bo)).used == {"runs": 0}


async def test_over_the_quota_a_run_is_refused_and_announced_until_the_next_day(narrow: Service, ana: Caller) -> None:
    for _ in range(2):
        await narrow.request_run(ana)
    with pytest.raises(TooMuch) as refused:
        await narrow.request_run(ana)
    assert refused.value.facts == {"what": "runs", "used": 2, "allowed": 2}
    assert len(await list_work(narrow.store)) == 2
    (told,) = await list_events(narrow.store, "quota.exceeded")
    assert (told.userid, told.data) == (ana.user_id, {"what": "runs", "used": 2, "allowed": 2})
    narrow.clock.now += timedelta(days=1)
    await narrow.request_run(ana)
    assert await narrow.processors.runs.usage(ana) == Usage(used={"runs": 1}, allowed={"runs": 2})


async def test_runs_that_are_requested_together_fit_together_or_not_at_all(narrow: Service, ana: Caller) -> None:
    blobs = [narrow.state.keep(a_blob(ana.user_id)).id for _ in range(3)]
    with pytest.raises(TooMuch):
        await narrow.processors.runs.request(ana, NewRuns(processor_id="text-expansion", blob_ids=tuple(blobs)))
    assert (await narrow.processors.runs.usage(ana)).used == {"runs": 0}
    assert (await narrow.processors.runs.list(ana)).items == ()


async def test_asking_again_for_what_failed_counts_as_well(narrow: Service, ana: Caller) -> None:
    run = await narrow.request_run(ana)
    for _ in range(2):
        await narrow.processors.runs.cancel(ana, run.id)
        if (await narrow.processors.runs.usage(ana)).used == {"runs": 2}:
            break
        await narrow.processors.runs.retry(ana, run.id)
    with pytest.raises(TooMuch):
        await narrow.processors.runs.retry(ana, run.id)
