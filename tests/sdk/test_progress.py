"""Reports of progress are throttled, the last is never lost, and progress does not fall."""

import asyncio

from reyna.sdk.progress import ProgressReporter
from tests.support.collector import Collector

Sent = Collector[tuple[float, str | None]]


def reporter_to(sent: Sent, *, interval: float) -> ProgressReporter:
    async def send(fraction: float, text: str | None) -> None:
        sent((fraction, text))

    return ProgressReporter(send, interval=interval)


async def test_the_first_report_goes_out_at_once_and_the_last_is_never_lost() -> None:
    sent = Sent()
    reporter = reporter_to(sent, interval=3600)
    for step in range(10):
        await reporter.report(step / 10, str(step))
    assert sent.items == [(0.0, "0")]
    await reporter.finish()
    assert sent.items == [(0.0, "0"), (0.9, "9")]


async def test_a_report_that_had_to_wait_goes_out_by_itself() -> None:
    sent = Sent()
    reporter = reporter_to(sent, interval=0.01)
    await reporter.report(0.1, "one")
    await reporter.report(0.2, "two")
    assert await sent.first(2) == [(0.1, "one"), (0.2, "two")]
    await reporter.finish()


async def test_a_report_that_comes_while_another_is_being_sent_is_not_lost() -> None:
    sent, sending, go_on = Sent(), asyncio.Event(), asyncio.Event()

    async def send(fraction: float, text: str | None) -> None:
        if text == "two":
            sending.set()
            await go_on.wait()
        sent((fraction, text))

    reporter = ProgressReporter(send, interval=0.001)
    await reporter.report(0.1, "one")
    await reporter.report(0.2, "two")
    await sending.wait()
    await reporter.report(0.3, "three")
    go_on.set()
    assert (await sent.first(3))[-1] == (0.3, "three")
    await reporter.finish()


async def test_what_still_waits_can_be_dropped() -> None:
    sent = Sent()
    reporter = reporter_to(sent, interval=3600)
    await reporter.report(0.1, "one")
    await reporter.report(0.2, "two")
    await reporter.finish(send=False)
    assert sent.items == [(0.1, "one")]


async def test_progress_does_not_fall() -> None:
    sent = Sent()
    reporter = reporter_to(sent, interval=0)
    for fraction in (0.5, 0.2, float("nan"), 0.7):
        await reporter.report(fraction, None)
    assert [fraction for fraction, _ in sent.items] == [0.5, 0.5, 0.5, 0.7]


async def test_a_fraction_is_kept_between_nothing_and_all() -> None:
    sent = Sent()
    reporter = reporter_to(sent, interval=0)
    await reporter.report(-1, None)
    await reporter.report(7, None)
    assert [fraction for fraction, _ in sent.items] == [0.0, 1.0]
