"""The declaration of a processor: the schemas it takes, the schema it makes, its settings and its function."""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Generic, Literal, TypedDict, TypeVar, Unpack, cast, overload

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.errors import Fault
from reyna.domain.ids import check_slug
from reyna.domain.processing.input_range import parse_input_range
from reyna.domain.processing.processor import NewProcessor
from reyna.domain.processing.prompts.estimate import TokenEstimate
from reyna.domain.processing.run import Output
from reyna.domain.processing.schema_patterns import takes_schema
from reyna.domain.processing.whole_bucket import check_takes_bucket
from reyna.domain.schema import Verdict
from reyna.sdk.context import Context
from reyna.sdk.threads import run_in_thread

MAX_REPORTED_ERRORS: Final = 3  # of an output that does not fit its schema

S = TypeVar("S", bound=msgspec.Struct | None)


class Refuse(Exception):
    """Raised by a processor for a blob that is not for it. Final; the reason is shown to the user."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Retry(Exception):
    """Raised by a processor to run again after so many seconds, which is not a failure."""

    def __init__(self, *, after: float = 30.0) -> None:
        self.after = after
        super().__init__(f"again in {after} s")


class InvalidOutput(Exception):
    """An output cannot be stored, and would not be on another attempt: the run has failed for good."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Derived(msgspec.Struct, frozen=True):
    """An output: one blob with this data, by default of the processor's output schema and in the source's buckets."""

    data: Any
    schema_id: str | None = None
    buckets: tuple[str, ...] | None = None


Made = Mapping[str, Any] | Derived | Sequence[Mapping[str, Any] | Derived]
EstimateFunction = Callable[[Blob, S], Awaitable[TokenEstimate] | TokenEstimate]
ProcessorFunction = Callable[[Blob, Context[S]], Awaitable[Made] | Made]
F = TypeVar("F", bound=Callable[..., Any])


class Description(TypedDict, total=False):
    """Further facts about a processor.

    `trigger="manual"`: it runs only on request. `range`: the input it is for, in words (`3 to 1,000 words`).
    `max_concurrency` and `max_runs_per_minute` limit the runs of all users and workers together; others are held back.
    `output_schemas`: the schemas that a `Derived` may name besides `makes`. `max_depth`: the greatest depth of a run
    that an event starts, which allows loops: 1 is a run on what a user made, and each run on the output of another adds
    one. `rehearsal` says how the prompts of a run are found before it begins: the function runs up to its `first` call
    of the model; or goes on with empty answers to find `all`, which is for prompts that do not depend on the answers;
    or `never` runs for that, since it does more than ask a model. `whole_bucket`: a request for a bucket is one run, in
    whose setting `bucket_id` is the bucket, and not one run for each blob in it; its settings have that field.
    """

    version: str
    name: str
    description: str
    trigger: Literal["event", "manual"]
    range: str
    max_concurrency: int
    max_runs_per_minute: int
    output_schemas: Sequence[str]
    max_depth: int
    rehearsal: Literal["first", "all", "never"]
    whole_bucket: bool


class Processor(Generic[S]):
    """A processor: takes blobs of some schemas and makes blobs of another. It is the decorator of its own function.

    It `takes` ids of schemas, or patterns: `text-input-v*` for every major.
    `settings` is a `msgspec.Struct` type with the settings that a user may change, and their defaults. Raises Invalid
    for an `id` that is not a slug, and for one of whole buckets whose settings have no `bucket_id`.
    """

    @overload
    def __init__(
        self: "Processor[None]", id: str, *, takes: str | Sequence[str], makes: str, **description: Unpack[Description]
    ) -> None: ...

    @overload
    def __init__(
        self, id: str, *, takes: str | Sequence[str], makes: str, settings: type[S], **description: Unpack[Description]
    ) -> None: ...

    def __init__(
        self,
        id: str,
        *,
        takes: str | Sequence[str],
        makes: str,
        settings: type[S] | None = None,
        **description: Unpack[Description],
    ) -> None:
        self.id = check_slug("id", id)
        self.takes = (takes,) if isinstance(takes, str) else tuple(takes)
        self.makes = makes
        self.settings = settings
        self.rehearsal = description.get("rehearsal", "first")
        self.registration = NewProcessor(
            id=id,
            version=description.get("version", "1.0.0"),
            name=description.get("name", id.replace("-", " ").capitalize()),
            description=description.get("description", ""),
            input_schemas=self.takes,
            output_schema=makes,
            output_schemas=tuple(description.get("output_schemas", ())),
            settings_schema=msgspec.json.schema(settings) if settings else None,
            trigger=description.get("trigger", "event"),
            max_depth=description.get("max_depth"),
            range=description.get("range"),
            max_concurrency=description.get("max_concurrency"),
            max_runs_per_minute=description.get("max_runs_per_minute"),
            whole_bucket=description.get("whole_bucket", False),
        )
        if self.registration.whole_bucket:
            check_takes_bucket(self.registration.settings_schema)
        self._function: ProcessorFunction[S] | None = None
        self._estimate: EstimateFunction[S] | None = None

    def __call__(self, function: F) -> F:
        """Decorates the function `(blob, context) -> dict | Derived | list of these`.

        An `async def` shares the event loop with all runs of its worker, and must not block it. A plain `def` runs in
        a thread of its own and may.
        """
        self._function = function
        return function

    def estimate(self, function: F) -> F:
        """Decorates the function `(blob, settings) -> TokenEstimate`, which says what a run on this blob will use.

        It calls no model and must be quick, since it is asked about many blobs at once. It may raise Refuse as the
        processor does. Without one, the prompts of a rehearsal are counted.
        """
        self._estimate = function
        return function

    async def estimate_tokens(self, blob: Blob, settings: S) -> TokenEstimate | None:
        """Returns what the author's estimate says, None without one. Raises what it raises."""
        if self._estimate is None:
            return None
        estimated = self._estimate(blob, settings)
        return await estimated if isinstance(estimated, Awaitable) else estimated

    def settings_from(self, given: Mapping[str, Any]) -> S:
        """Returns the settings as the processor's own type. Raises Refuse when they do not fit."""
        if self.settings is None:
            return None  # type: ignore[return-value]  # S is None when there is no settings type
        try:
            return msgspec.convert(given, self.settings)
        except msgspec.ValidationError as error:
            raise Refuse(f"The settings do not fit: {error}") from error

    async def run(self, blob: Blob, context: Context[S]) -> list[Output]:
        """Returns the outputs of the function for this blob.

        Raises Refuse for a blob out of its schemas or range, InvalidOutput, and whatever the function raises.
        """
        self.check_input(blob)
        if self._function is None:
            raise Fault(f"The processor {self.id} has no function.")
        made: object = await self._call(self._function, blob, context)
        several = isinstance(made, Sequence) and not isinstance(made, str | bytes)
        return [self._output(one) for one in (cast(Sequence[Any], made) if several else [made])]

    def check_input(self, blob: Blob) -> None:
        """Raises Refuse for a blob out of its schemas or range."""
        if not takes_schema(self.takes, blob.schema_id):
            raise Refuse(f"{self.id} takes {' or '.join(self.takes)}; this is {blob.schema_id}.")
        meant = parse_input_range(self.registration.range)
        if meant is not None and (why_not := meant.explain_mismatch(blob.data)):
            raise Refuse(f"{self.registration.name} {why_not}.")

    async def _call(self, function: ProcessorFunction[S], blob: Blob, context: Context[S]) -> Made:
        if _is_async(function):
            made = function(blob, context)
        else:
            made = await run_in_thread(lambda: function(blob, context), name=f"{self.id} {blob.id}")
        return await made if isinstance(made, Awaitable) else made

    def _output(self, made: object) -> Output:
        match made:
            case Derived():
                output = Output(data=made.data, schema_id=made.schema_id, bucket_ids=made.buckets)
            case Mapping():
                output = Output(data=dict(made))
            case _:
                raise InvalidOutput(f"{self.id} made {type(made).__name__}, which is neither a dict nor Derived.")
        if output.schema_id not in (None, self.makes, *self.registration.output_schemas):
            raise InvalidOutput(f"{self.id} made {output.schema_id}, which is not among its output schemas.")
        try:
            msgspec.json.encode(output)
        except (TypeError, ValueError, RecursionError) as error:
            raise InvalidOutput(f"{self.id} made data that is not JSON: {error}") from error
        return output


def check_verdict(processor_id: str, schema_id: str, verdict: Verdict) -> None:
    """Raises InvalidOutput for an output that does not fit its schema."""
    if not verdict.valid:
        errors = "; ".join(f"{error.path}: {error.message}" for error in verdict.errors[:MAX_REPORTED_ERRORS])
        raise InvalidOutput(f"{processor_id} made data that does not fit {schema_id}: {errors}")


def _is_async(function: Callable[..., Any]) -> bool:
    while isinstance(function, partial):
        function = function.func
    return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(getattr(function, "__call__", None))  # noqa: B004
