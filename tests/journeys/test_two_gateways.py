"""Two copies of the studio over one database: both know of ended sessions and of guessed passwords."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reyna.embedded.tcp_ports import free_ports
from tests.journeys.application import REYNA, Application, ApplicationProcess
from tests.journeys.people import PASSWORD, Device, Person, rest, socket_of

NOT_SIGNED_IN = 4001


@pytest.fixture
async def second(application_in_four_processes: Application, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a second studio of the application."""
    (port,) = free_ports(1)
    command = (*REYNA, "serve", "studio", "--port", str(port))
    studio = ApplicationProcess("studio", command, application_in_four_processes.environment, tmp_path)
    await studio.start()
    yield f"http://127.0.0.1:{port}"
    studio.process.terminate()
    await studio.wait()


async def test_both_count_guesses_together_and_refuse_a_session_that_ended(
    application_in_four_processes: Application, second: str
) -> None:
    ana = await application_in_four_processes.person("ana")
    here = await ana.device()
    there = await (await Device.open(socket_of(second), ana.token)).wait_for_hello()
    addresses = (ana.address, second)
    assert [await own_status(address, ana) for address in addresses] == [200, 200]
    await ana.post("/auth/logout")
    assert (await here.wait_closed(), await there.wait_closed()) == (NOT_SIGNED_IN, NOT_SIGNED_IN)
    assert [await own_status(address, ana) for address in addresses] == [401, 401]
    answers = await asyncio.gather(*(guess(address, ana) for address in addresses for _ in range(15)))
    assert sorted(set(answers)) == [401, 429]
    assert answers.count(401) == 10
    await ana.leave()


async def own_status(address: str, person: Person) -> int:
    async with rest(f"{address}/api", person.token) as program:
        return (await program.get("/me")).status_code


async def guess(address: str, person: Person) -> int:
    async with rest(f"{address}/api") as stranger:
        credentials = {"email": person.email, "password": f"not {PASSWORD}"}
        return (await stranger.post("/auth/login", json=credentials)).status_code
