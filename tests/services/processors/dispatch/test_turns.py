"""Users have their turns in order, however many runs each of them has waiting."""

from reyna.services.processors.dispatch.rate_limiter import RunRateLimiter
from reyna.services.processors.dispatch.turns import Turns
from reyna.services.processors.dispatch.user_queue import MAX_KNOWN_RUNS, HeldRun, UserQueue


def take_turns(turns: Turns, count: int) -> list[str]:
    """Gives so many turns to users who always want another one."""
    had: list[str] = []
    for _ in range(count):
        user = turns.next()
        assert user is not None
        turns.take(user)
        turns.join(user)
        had.append(user)
    return had


def test_users_alternate() -> None:
    turns = Turns({})
    for user in ("ana", "bo"):
        turns.join(user)
    assert take_turns(turns, 6) == ["ana", "bo"] * 3


def test_a_weight_gives_more_turns() -> None:
    turns = Turns({"bo": 3.0})
    for user in ("ana", "bo"):
        turns.join(user)
    had = take_turns(turns, 400)
    assert (had.count("ana"), had.count("bo")) == (100, 300)


def test_who_had_many_turns_alone_is_neither_punished_nor_preferred() -> None:
    turns = Turns({})
    for _ in range(1_000):
        turns.take("ana")
    for user in ("ana", "bo"):
        turns.join(user)
    had = take_turns(turns, 10)
    assert (had.count("ana"), had.count("bo")) == (5, 5)
    assert had[0] == "bo"


def test_who_comes_with_one_run_at_a_time_does_not_starve_the_others() -> None:
    turns = Turns({})
    turns.join("bo")
    had: list[str | None] = []
    for _ in range(10):
        turns.join("ana")
        user = turns.next()
        had.append(user)
        turns.take(str(user))
        if user == "bo":
            turns.join("bo")
    assert had.count("bo") == 5


def test_a_queue_keeps_the_first_runs_in_memory_whatever_the_order_of_their_arrival() -> None:
    queue = UserQueue()
    for number in reversed(range(1_000)):
        queue.add(HeldRun(f"1 {number:04}", f"run-{number:04}"))
    queue.add(HeldRun("0 9999", "run-interactive"))
    assert queue.take() == "run-interactive"
    assert [queue.take() for _ in range(MAX_KNOWN_RUNS - 1)] == [f"run-{n:04}" for n in range(MAX_KNOWN_RUNS - 1)]
    assert queue.is_to_be_read
    queue.add_page([HeldRun("1 0063", "run-0063")], has_more=False)
    assert queue.take() == "run-0063"
    assert queue.is_empty


def test_a_rate_is_kept_in_every_minute() -> None:
    now = 0.0
    limiter = RunRateLimiter(60, lambda: now)
    started: list[float] = []
    while now < 300.0:
        if not (wait := limiter.seconds_until_allowed()):
            limiter.count()
            started.append(now)
        now += wait or 0.01
    for begin in range(0, 240, 10):
        assert sum(begin <= at < begin + 60 for at in started) <= 61
    assert len(started) >= 250
