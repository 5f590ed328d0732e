"""A thousand users with ten runs each: the turns go round, and nobody's first run waits for another's second."""

from typing import Final

from reyna.services.processors.dispatch.policy import DispatchPolicy
from reyna.services.processors.dispatch.queues import DispatchQueues
from reyna.services.processors.dispatch.user_queue import HeldRun
from reyna.services.processors.worker_health import WorkerHealth
from tests.services.processors.neighbours import Clock

USERS: Final = 1_000
RUNS: Final = 10
PROCESSOR: Final = "text-expansion"


def dispatch(queues: DispatchQueues, turns: int) -> list[str]:
    """Returns the users of the next turns, where one run is at work at a time."""
    users = list[str]()
    while len(users) < turns and (choice := queues.choose(PROCESSOR)) is not None and choice.run_id is not None:
        users.append(choice.user_id)
        queues.remove(PROCESSOR, choice.user_id, choice.run_id)
    return users


def hold(queues: DispatchQueues, user: int, run: int) -> None:
    queues.queue(PROCESSOR).hold(f"user-{user:04}", HeldRun(f"1 {run:04}", f"run-{user}-{run}"))


def new_queues() -> DispatchQueues:
    clock = Clock()
    return DispatchQueues(DispatchPolicy(), WorkerHealth(clock, lambda: clock.elapsed), lambda: clock.elapsed)


def test_the_first_runs_of_a_thousand_users_are_the_first_thousand_turns() -> None:
    queues = new_queues()
    for user in range(USERS):
        for run in range(RUNS):
            hold(queues, user, run)
    turns = dispatch(queues, USERS * RUNS + 1)
    assert len(turns) == USERS * RUNS
    for lap in range(RUNS):
        assert len(set(turns[lap * USERS : (lap + 1) * USERS])) == USERS


def test_a_user_who_comes_in_the_middle_has_the_first_turn_within_one_lap() -> None:
    queues = new_queues()
    for user in range(USERS - 1):
        for run in range(RUNS):
            hold(queues, user, run)
    dispatch(queues, 5 * USERS)
    hold(queues, USERS, 0)
    assert f"user-{USERS:04}" in dispatch(queues, USERS)
