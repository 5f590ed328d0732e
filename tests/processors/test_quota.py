"""How many runs a user may request in a day."""

from datetime import timedelta

import pytest

from reyna.domain.caller import Caller
from reyna.domain.errors import TooMuch
from reyna.domain.quota import Usage
from reyna.domain.run import NewRuns
from tests.processors.around import Service
from tests.processors.neighbours import a_blob, events, handed_out


@pytest.fixture
async def narrow() -> Service:
    """A service that lets everyone request two runs a day."""
    service = Service(allowed={"runs": 2})
    await service.registered()
    return service


async def test_every_run_that_is_requested_counts_for_its_day(service: Service, ana: Caller, bo: Caller) -> None:
    assert await service.verbs.usage(ana) == Usage(used={"runs": 0}, allowed={})
    await service.requested(ana)
    await service.requested(ana)
    assert (await service.verbs.usage(ana)).used == {"runs": 2}
    assert (await service.verbs.usage(bo)).used == {"runs": 0}


async def test_over_the_quota_a_run_is_refused_and_told_until_the_next_day(narrow: Service, ana: Caller) -> None:
    for _ in range(2):
        await narrow.requested(ana)
    with pytest.raises(TooMuch) as refused:
        await narrow.requested(ana)
    assert refused.value.facts == {"what": "runs", "used": 2, "allowed": 2}
    assert len(await handed_out(narrow.store)) == 2
    (told,) = await events(narrow.store, "quota.exceeded")
    assert (told.userid, told.data) == (ana.user_id, {"what": "runs", "used": 2, "allowed": 2})
    narrow.clock.now += timedelta(days=1)
    await narrow.requested(ana)
    assert await narrow.verbs.usage(ana) == Usage(used={"runs": 1}, allowed={"runs": 2})


async def test_runs_that_are_requested_together_fit_together_or_not_at_all(narrow: Service, ana: Caller) -> None:
    blobs = [narrow.state.keep(a_blob(ana.user_id)).id for _ in range(3)]
    with pytest.raises(TooMuch):
        await narrow.verbs.request_runs(ana, NewRuns(processor_id="text-expansion", blob_ids=tuple(blobs)))
    assert (await narrow.verbs.usage(ana)).used == {"runs": 0}
    assert (await narrow.verbs.runs(ana)).items == ()


async def test_asking_again_for_what_failed_counts_as_well(narrow: Service, ana: Caller) -> None:
    run = await narrow.requested(ana)
    for _ in range(2):
        await narrow.verbs.cancel_run(ana, run.id)
        if (await narrow.verbs.usage(ana)).used == {"runs": 2}:
            break
        await narrow.verbs.retry_run(ana, run.id)
    with pytest.raises(TooMuch):
        await narrow.verbs.retry_run(ana, run.id)
