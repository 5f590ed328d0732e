"""The streams and durable consumers the house wants, compared with those that are there."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from reyna.adapters.nats_publish import ApiError
from reyna.domain.errors import Fault
from reyna.domain.event import EVENT_SUBJECTS, LIVE_SUBJECTS
from reyna.domain.run import RUN_SUBJECTS

LOG: Final = logging.getLogger(__name__)
NANOSECONDS: Final = 1_000_000_000
DAY: Final = 24 * 60 * 60 * NANOSECONDS
DEDUPE_WINDOW: Final = 120 * NANOSECONDS
DEAD_SUBJECTS: Final = "reyna.dead"
MOST_UNACKNOWLEDGED: Final = 10_000  # one that waits for its next attempt counts, so a bad hour must not stop the rest
STREAM_NOT_FOUND: Final = 10059
CONSUMER_NOT_FOUND: Final = 10014
Call = Callable[[str, Any], Awaitable[dict[str, Any]]]
"""Ask the JetStream API: the end of the subject, and what to say; raises Refused."""


class Drift(Fault):
    """A stream or consumer is there, and is not what the house needs; it is never changed behind your back."""


class Refused(Fault):
    """JetStream's API said no, for the reason in `error`."""

    def __init__(self, what: str, error: ApiError) -> None:
        self.error = error
        super().__init__(f"{what}: {error.description} ({error.err_code})")


def wanted_streams(retention_days: int) -> list[dict[str, Any]]:
    """In the words of JetStream's API; times in nanoseconds."""
    kept = {"storage": "file", "discard": "old", "duplicate_window": DEDUPE_WINDOW, "max_msgs_per_subject": -1}
    return [
        kept
        | {
            "name": "EVENTS",
            "subjects": [f"{EVENT_SUBJECTS}.>"],
            "retention": "limits",
            "max_age": retention_days * DAY,
            "allow_direct": True,  # replay reads through it, without a consumer
            "republish": {"src": f"{EVENT_SUBJECTS}.>", "dest": f"{LIVE_SUBJECTS}.>"},
        },
        kept | {"name": "RUNS", "subjects": [f"{RUN_SUBJECTS}.>"], "retention": "workqueue", "max_age": 0},
        kept | {"name": "DEAD", "subjects": [f"{DEAD_SUBJECTS}.>"], "retention": "limits", "max_age": 0},
    ]


# What may follow the settings of the house while messages are kept as they are.
STREAM_FOLLOWS: Final = frozenset({"max_age", "duplicate_window", "allow_direct"})
CONSUMER_FOLLOWS: Final = frozenset({"ack_wait", "max_ack_pending"})


def wanted_consumer(name: str, subject: str, patience: float) -> dict[str, Any]:
    """A durable pull consumer with explicit acknowledgement; a new one begins with the oldest message that is kept."""
    return {
        "durable_name": name,
        "filter_subject": subject,
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": int(patience * NANOSECONDS),
        "max_deliver": -1,
        "max_ack_pending": MOST_UNACKNOWLEDGED,
        "replay_policy": "instant",
    }


def differences(wanted: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Field -> (what is there, what is wanted). Fields that the house has no opinion on are not looked at."""
    return {
        field: (there.get(field), value) for field, value in wanted.items() if _plain(there.get(field)) != _plain(value)
    }


def _plain(value: Any) -> Any:
    """The server leaves out what is empty, and orders no list."""
    if isinstance(value, list):
        return sorted(value)
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if inner}
    return value or None


async def provision(call: Call, retention_days: int) -> None:
    """Create the streams that are missing, compare the others. Raises Drift."""
    for wanted in wanted_streams(retention_days):
        name = wanted["name"]
        try:
            there = (await call(f"STREAM.INFO.{name}", {}))["config"]
        except Refused as refused:
            if refused.error.err_code != STREAM_NOT_FOUND:
                raise
            await call(f"STREAM.CREATE.{name}", wanted)
            LOG.info("Made the stream %s", name)
            continue
        changes = _settled(f"stream {name}", f"nats stream {{}} {name}", wanted, there, STREAM_FOLLOWS)
        if changes:
            await call(f"STREAM.UPDATE.{name}", there | changes)
            LOG.info("The stream %s follows its settings: %s", name, changes)


async def drifted(call: Call, retention_days: int, consumers: Mapping[str, Sequence[str]]) -> list[str]:
    """What is not as wanted, in words, with nothing changed; `consumers` are those that each stream must have."""
    found: list[str] = []
    for wanted in wanted_streams(retention_days):
        name = wanted["name"]
        try:
            there = (await call(f"STREAM.INFO.{name}", {}))["config"]
        except Refused as refused:
            found.append(str(refused))
            continue
        found += _in_words(f"stream {name}", wanted, there)
        kept = [one["config"] for one in (await call(f"CONSUMER.LIST.{name}", {})).get("consumers") or []]
        durable = {config["durable_name"]: config for config in kept if config.get("durable_name")}
        found += [f"consumer {one} of {name} is missing" for one in consumers.get(name, ()) if one not in durable]
        for one, config in durable.items():
            as_wanted = wanted_consumer(one, config.get("filter_subject", ""), 0) | {"ack_wait": config.get("ack_wait")}
            found += _in_words(f"consumer {one} of {name}", as_wanted, config)
    return found


def _in_words(what: str, wanted: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    return [
        f"{what}: {field} is {msgspec.json.encode(now).decode()}, wanted is {msgspec.json.encode(then).decode()}"
        for field, (now, then) in differences(wanted, there).items()
    ]


async def ensure_consumer(call: Call, stream: str, wanted: dict[str, Any]) -> None:
    """Create the durable consumer when it is missing, compare it when it is there. Raises Drift."""
    name = wanted["durable_name"]
    try:
        there = (await call(f"CONSUMER.INFO.{stream}.{name}", {}))["config"]
    except Refused as refused:
        if refused.error.err_code != CONSUMER_NOT_FOUND:
            raise
        await _put_consumer(call, stream, wanted)
        LOG.info("Made the consumer %s of %s", name, stream)
        return
    hint = f"nats consumer {{}} {stream} {name}"
    changes = _settled(f"consumer {name} of {stream}", hint, wanted, there, CONSUMER_FOLLOWS)
    if changes:
        await _put_consumer(call, stream, there | changes)
        LOG.info("The consumer %s of %s follows its settings: %s", name, stream, changes)


async def _put_consumer(call: Call, stream: str, config: dict[str, Any]) -> None:
    await call(f"CONSUMER.DURABLE.CREATE.{stream}.{config['durable_name']}", {"stream_name": stream, "config": config})


def _settled(
    what: str, command: str, wanted: Mapping[str, Any], there: Mapping[str, Any], follows: frozenset[str]
) -> dict[str, Any]:
    """The differences that may be mended; raises Drift for any other."""
    found = differences(wanted, there)
    drifted = [
        f"{field} is {msgspec.json.encode(now).decode()}, wanted is {msgspec.json.encode(then).decode()}"
        for field, (now, then) in found.items()
        if field not in follows
    ]
    if drifted:
        raise Drift(
            f"The {what} is not what the house needs: {'; '.join(drifted)}. Change it back with "
            f"`{command.format('edit')}`, or, when nothing in it is needed any more, remove it with "
            f"`{command.format('rm')}`; then start again."
        )
    return {field: then for field, (_, then) in found.items()}
