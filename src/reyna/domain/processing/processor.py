"""Processors, which take blobs of some schemas and make a blob of another, and their instances."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.event import Event

Scope = Literal["system", "user"]
MAX_INPUT_SCHEMAS: Final = 100
MAX_OUTPUT_SCHEMAS: Final = 100  # further ones
MAX_STATED_DEPTH: Final = 20
BEAT_SUBJECTS: Final = "reyna.beat"


class Processor(msgspec.Struct, frozen=True, kw_only=True):
    """A registered processor: it takes `input_schemas` and makes `output_schema`.

    One of the system is for all users; one with the scope `user` is private to its `user_id`. `input_schemas` may name
    all majors, as `text-input-v*`. An output that names its schema may be of one of the `output_schemas` as well.
    `max_depth` is the greatest depth of a run that an event requests; a processor that states none is in no loop.
    `whole_bucket`: a request for a bucket is one run, whose setting `bucket_id` is the bucket.
    """

    id: str
    user_id: str = SYSTEM_USER_ID
    scope: Scope = "system"
    version: str
    name: str
    description: str = ""
    input_schemas: tuple[str, ...]
    output_schema: str
    output_schemas: tuple[str, ...] = ()
    settings_schema: dict[str, Any] | None = None
    trigger: Literal["event", "manual"] = "event"
    max_depth: int | None = None
    range: str | None = None  # of its input: "3 to 1,000 words" is enforced, other words are for people
    max_concurrency: int | None = None  # runs at a time, of all users and all workers together
    max_runs_per_minute: int | None = None  # that are started, of all users together
    whole_bucket: bool = False
    revision: int = 1
    registered_at: datetime
    updated_at: datetime

    @property
    def made_schemas(self) -> tuple[str, ...]:
        """Returns the schemas of all that it makes."""
        return (self.output_schema, *self.output_schemas)

    def event(self, action: Literal["registered", "removed"], caller: Caller) -> Event:
        return Event.now(
            f"processor.{action}",
            replace(caller, user_id=self.user_id),
            {"processor": self.id, "version": self.version, "revision": self.revision},
            about=self.id,
        )


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """A user's switched-on processor: everywhere (`bucket_id` null) or for one bucket's subtree."""

    id: str
    user_id: str
    processor_id: str
    bucket_id: str | None = None
    enabled: bool = True
    settings: dict[str, Any] = {}
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def event(self, action: Literal["changed"], caller: Caller, **facts: Any) -> Event:
        return Event.now(
            f"instance.{action}",
            caller,
            {
                "instance_id": self.id,
                "processor": self.processor_id,
                "bucket_id": self.bucket_id,
                "enabled": self.enabled,
                "revision": self.revision,
            }
            | facts,
            about=self.id,
        )


class NewProcessor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The registration of a processor."""

    id: str
    version: str
    name: str
    description: str = ""
    input_schemas: tuple[str, ...]
    output_schema: str
    output_schemas: tuple[str, ...] = ()
    settings_schema: dict[str, Any] | None = None
    trigger: Literal["event", "manual"] = "event"
    max_depth: int | None = None
    range: str | None = None
    max_concurrency: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    max_runs_per_minute: Annotated[int, Meta(ge=1, le=10_000_000)] | None = None
    whole_bucket: bool = False


class NewInstance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    processor_id: str
    bucket_id: str | None = None
    enabled: bool = True
    settings: dict[str, Any] = {}


class InstanceChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    enabled: bool | msgspec.UnsetType = msgspec.UNSET
    settings: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The health of a processor: `live_workers` have sent a beat lately; times are in seconds. `runs_per_minute` ended
    in the last full minute, and `failures` are the reasons of the latest ones, with their number."""

    live_workers: int
    last_beat: datetime | None
    queue_length: int
    success_rate: float | None
    p50: float | None
    p95: float | None
    runs_per_minute: int = 0
    failures: dict[str, int] = {}


class Beat(msgspec.Struct, frozen=True, kw_only=True):
    """A heartbeat of a worker, which does `parallel` runs at a time; the next one follows after `every` seconds.

    `user_id`: the owner of its processor.
    """

    processor_id: str
    user_id: str = SYSTEM_USER_ID
    worker_id: str
    busy: int = 0
    every: float = 15.0
    parallel: int = 4
