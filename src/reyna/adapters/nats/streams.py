"""The streams and durable consumers that the application needs: their settings, creation, and check for drift."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from reyna.adapters.nats.jetstream_api import CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, ApiRefused, JetStreamApi
from reyna.domain.errors import Fault
from reyna.domain.event import EVENT_SUBJECTS, LIVE_SUBJECTS
from reyna.domain.processing.run import DEAD_SUBJECTS, RUN_SUBJECTS
from reyna.ports.bus import Stream

LOG: Final = logging.getLogger(__name__)
NANOSECONDS: Final = 1_000_000_000
DAY: Final = 24 * 60 * 60 * NANOSECONDS
DEDUPE_WINDOW: Final = 120 * NANOSECONDS
DEAD_RETENTION_DAYS: Final = 90  # of DEAD; the processor service keeps a dead letter until it is replayed or discarded
MAX_DEAD_MESSAGES: Final = 100_000  # in DEAD, for all users; beyond it the oldest go
MAX_UNACKNOWLEDGED_MESSAGES: Final = 10_000  # those that wait for a retry count, so a bad hour must not stop the rest


class Drift(Fault):
    """A stream or consumer exists with other settings than the application needs; it is not changed without consent."""


def wanted_streams(retention_days: int, event_bytes: int | None = None) -> list[dict[str, Any]]:
    """Returns the settings of all streams, as JetStream's API takes them, with times in nanoseconds."""
    size_limit = {} if event_bytes is None else {"max_bytes": event_bytes}
    common = {"storage": "file", "discard": "old", "duplicate_window": DEDUPE_WINDOW, "max_msgs_per_subject": -1}
    return [
        common
        | {
            "name": "EVENTS",
            "subjects": [f"{EVENT_SUBJECTS}.>"],
            "retention": "limits",
            "max_age": retention_days * DAY,
            **size_limit,
            "allow_direct": True,  # replay reads through it, without a consumer
            "republish": {"src": f"{EVENT_SUBJECTS}.>", "dest": f"{LIVE_SUBJECTS}.>"},
        },
        common | {"name": "RUNS", "subjects": [f"{RUN_SUBJECTS}.>"], "retention": "workqueue", "max_age": 0},
        common
        | {
            "name": "DEAD",
            "subjects": [f"{DEAD_SUBJECTS}.>"],
            "retention": "limits",
            "max_age": DEAD_RETENTION_DAYS * DAY,
            "max_msgs": MAX_DEAD_MESSAGES,
            "allow_direct": True,  # replayed and discarded letters are found through it
        },
    ]


# Settings that can be changed while a stream or consumer keeps its messages.
CHANGEABLE_STREAM_SETTINGS: Final = frozenset({"max_age", "max_bytes", "max_msgs", "duplicate_window", "allow_direct"})
CHANGEABLE_CONSUMER_SETTINGS: Final = frozenset({"ack_wait", "max_ack_pending"})


def wanted_consumer(name: str, subject: str, ack_wait: float) -> dict[str, Any]:
    """Returns the settings of a durable pull consumer with explicit acknowledgement from the oldest message on."""
    return {
        "durable_name": name,
        "filter_subject": subject,
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "ack_wait": int(ack_wait * NANOSECONDS),
        "max_deliver": -1,
        "max_ack_pending": MAX_UNACKNOWLEDGED_MESSAGES,
        "replay_policy": "instant",
    }


def differences(wanted: Mapping[str, Any], actual: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Returns field -> (actual value, wanted value) for the wanted fields that differ."""
    return {
        field: (actual.get(field), value)
        for field, value in wanted.items()
        if _comparable(actual.get(field)) != _comparable(value)
    }


def _comparable(value: Any) -> Any:
    """Returns a value without empty parts, which the server leaves out, and with its list sorted."""
    if isinstance(value, list):
        return sorted(value)
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if inner}
    return value or None


async def provision_streams(api: JetStreamApi, retention_days: int, event_bytes: int | None = None) -> None:
    """Creates the missing streams and compares the others. Raises Drift."""
    for wanted in wanted_streams(retention_days, event_bytes):
        name = wanted["name"]
        try:
            actual = (await api.call(f"STREAM.INFO.{name}", {}))["config"]
        except ApiRefused as refused:
            if refused.error.err_code != STREAM_NOT_FOUND:
                raise
            await api.call(f"STREAM.CREATE.{name}", wanted)
            LOG.debug("Created the stream %s", name)
            continue
        command = f"nats stream {{}} {name}"
        changes = _allowed_changes(f"stream {name}", command, wanted, actual, CHANGEABLE_STREAM_SETTINGS)
        if changes:
            await api.call(f"STREAM.UPDATE.{name}", actual | changes)
            LOG.info("The stream %s was changed to its settings: %s", name, changes)


async def describe_drift(api: JetStreamApi, retention_days: int, consumers: Mapping[str, Sequence[str]]) -> list[str]:
    """Returns what differs from the wanted settings, in words, and changes nothing.

    `consumers` are those that each stream must have.
    """
    found: list[str] = []
    for wanted in wanted_streams(retention_days):
        name = wanted["name"]
        try:
            actual = (await api.call(f"STREAM.INFO.{name}", {}))["config"]
        except ApiRefused as refused:
            found.append(str(refused))
            continue
        found += [f"stream {name}: {difference}" for difference in _describe(differences(wanted, actual))]
        configs = [one["config"] for one in (await api.call(f"CONSUMER.LIST.{name}", {})).get("consumers") or []]
        durable = {config["durable_name"]: config for config in configs if config.get("durable_name")}
        found += [f"consumer {one} of {name} is missing" for one in consumers.get(name, ()) if one not in durable]
        for one, config in durable.items():
            wanted_one = wanted_consumer(one, config.get("filter_subject", ""), 0) | {
                "ack_wait": config.get("ack_wait")
            }
            drift = _describe(differences(wanted_one, config))
            found += [f"consumer {one} of {name}: {difference}" for difference in drift]
    return found


async def provision_consumer(api: JetStreamApi, stream: Stream, wanted: dict[str, Any]) -> None:
    """Creates the durable consumer when it is missing, and compares it when it exists. Raises Drift."""
    name = wanted["durable_name"]
    try:
        actual = (await api.call(f"CONSUMER.INFO.{stream}.{name}", {}))["config"]
    except ApiRefused as refused:
        if refused.error.err_code != CONSUMER_NOT_FOUND:
            raise
        await _put_consumer(api, stream, wanted)
        LOG.debug("Created the consumer %s of %s", name, stream)
        return
    command = f"nats consumer {{}} {stream} {name}"
    changes = _allowed_changes(f"consumer {name} of {stream}", command, wanted, actual, CHANGEABLE_CONSUMER_SETTINGS)
    if changes:
        await _put_consumer(api, stream, actual | changes)
        LOG.info("The consumer %s of %s was changed to its settings: %s", name, stream, changes)


async def _put_consumer(api: JetStreamApi, stream: Stream, config: dict[str, Any]) -> None:
    name = config["durable_name"]
    await api.call(f"CONSUMER.DURABLE.CREATE.{stream}.{name}", {"stream_name": stream, "config": config})


def _allowed_changes(
    subject: str, command: str, wanted: Mapping[str, Any], actual: Mapping[str, Any], changeable: frozenset[str]
) -> dict[str, Any]:
    """Returns the wanted values of changeable settings that differ; raises Drift when any other setting differs."""
    found = differences(wanted, actual)
    drift = _describe({field: values for field, values in found.items() if field not in changeable})
    if drift:
        raise Drift(
            f"The {subject} has other settings than the studio needs: {'; '.join(drift)}. Change it back with "
            f"`{command.format('edit')}`, or, when nothing in it is needed any more, remove it with "
            f"`{command.format('rm')}`; then start again."
        )
    return {field: value for field, (_, value) in found.items()}


def _describe(found: Mapping[str, tuple[Any, Any]]) -> list[str]:
    return [
        f"{field} is {msgspec.json.encode(actual).decode()}, wanted is {msgspec.json.encode(wanted).decode()}"
        for field, (actual, wanted) in found.items()
    ]
