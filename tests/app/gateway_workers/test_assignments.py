"""The assignments of gateway workers: who gets one, and what it holds on the way through a pipe."""

from pathlib import Path

import pytest

from reyna.app.addresses import Addresses
from reyna.app.config import Settings
from reyna.app.gateway_workers import Assignment, plan_assignments, require_shared_ports, service_at_shared_port
from reyna.app.services import SERVICE_NAMES
from reyna.domain.errors import WrongSetting

ADDRESSES = Addresses(
    postgres_url="postgresql://reyna:geheim@/reyna?host=/run",
    state_url="mongodb://there",
    nats_url="nats://there",
    llm_url="",
    llm_key="",
    llm_model="none",
)


def test_an_assignment_comes_through_the_pipe_as_it_was() -> None:
    settings = Settings(home=Path("/srv/reyna"), workers=3, trash_days=7, secret="s" * 40, quota_blobs=10)
    assignment = Assignment(2, ["state", "studio"], settings, ADDRESSES)
    assert Assignment.decode(assignment.encode()) == assignment


@pytest.mark.parametrize(
    ("services", "workers", "numbers", "runs", "port_of"),
    [
        (SERVICE_NAMES, 1, [], [], None),
        (SERVICE_NAMES, 3, [2, 3], ["state", "studio"], "studio"),
        (["studio"], 2, [2], ["studio"], "studio"),
        (["state"], 2, [2], ["state"], "state"),
        (["schemas"], 2, [], [], None),
    ],
)
def test_each_process_beside_the_first_gets_an_assignment(
    services: list[str], workers: int, numbers: list[int], runs: list[str], port_of: str | None
) -> None:
    settings = Settings(workers=workers)
    planned = plan_assignments(settings, services, ADDRESSES)
    assert [assignment.number for assignment in planned] == numbers
    assert all(assignment.services == runs for assignment in planned)
    assert service_at_shared_port(settings, services) == port_of


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_where_no_system_spreads_connections_several_processes_are_refused_in_one_line(system: str) -> None:
    require_shared_ports(Settings(), system)
    with pytest.raises(WrongSetting) as refused:
        require_shared_ports(Settings(workers=2), system)
    assert str(refused.value).startswith("REYNA_WORKERS: more than 1 needs Linux, which spreads the connections of one")
