"""What a processor is: what it takes, what it makes, and the one function that does the work."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Generic, Literal, TypedDict, TypeVar, Unpack, overload

import msgspec

from reyna.domain.blob import Blob
from reyna.domain.errors import Fault
from reyna.domain.ids import slug
from reyna.domain.processor import NewProcessor
from reyna.domain.run import Output
from reyna.sdk.context import Context

S = TypeVar("S", bound=msgspec.Struct | None)


class Refuse(Exception):
    """Raised by a processor: this blob is not for it. Final; the reason is shown to the user."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Retry(Exception):
    """Raised by a processor: not now. The run comes again after so many seconds, and it is no failure."""

    def __init__(self, *, after: float = 30.0) -> None:
        self.after = after
        super().__init__(f"again in {after} s")


class Derived(msgspec.Struct, frozen=True):
    """One blob to be made of `data`; without a schema the processor's own, without buckets the source's."""

    data: Any
    schema_id: str | None = None
    buckets: tuple[str, ...] | None = None


Made = Mapping[str, Any] | Derived | Sequence[Mapping[str, Any] | Derived]
Work = Callable[[Blob, Context[S]], Awaitable[Made]]
W = TypeVar("W", bound=Callable[..., Awaitable[Any]])


class About(TypedDict, total=False):
    """What else a processor says of itself; `trigger="manual"`: only on request, `range`: in words what it is for."""

    version: str
    name: str
    description: str
    trigger: Literal["event", "manual"]
    range: str


class Processor(Generic[S]):
    """Takes blobs of some schemas and makes blobs of another; it is itself the decorator of its function.

    `settings` is a `msgspec.Struct` type: what a user may set, with its defaults. Raises Invalid for an `id` that is
    no slug.
    """

    @overload
    def __init__(
        self: "Processor[None]", id: str, *, takes: str | Sequence[str], makes: str, **about: Unpack[About]
    ) -> None: ...

    @overload
    def __init__(
        self, id: str, *, takes: str | Sequence[str], makes: str, settings: type[S], **about: Unpack[About]
    ) -> None: ...

    def __init__(
        self,
        id: str,
        *,
        takes: str | Sequence[str],
        makes: str,
        settings: type[S] | None = None,
        **about: Unpack[About],
    ) -> None:
        self.id = slug("id", id)
        self.takes = (takes,) if isinstance(takes, str) else tuple(takes)
        self.makes = makes
        self.settings = settings
        self.registration = NewProcessor(
            id=id,
            version=about.get("version", "1.0.0"),
            name=about.get("name", id.replace("-", " ").capitalize()),
            description=about.get("description", ""),
            input_schemas=self.takes,
            output_schema=makes,
            settings_schema=msgspec.json.schema(settings) if settings else None,
            trigger=about.get("trigger", "event"),
            range=about.get("range"),
        )
        self._work: Work[S] | None = None

    def __call__(self, work: W) -> W:
        """Decorates the async function `(blob, context) -> dict | Derived | list of these`."""
        self._work = work
        return work

    def settings_from(self, given: Mapping[str, Any]) -> S:
        """The settings as the processor's own type. Raises Refuse when they do not fit."""
        if self.settings is None:
            return None  # type: ignore[return-value]  # S is None when there is no settings type
        try:
            return msgspec.convert(given, self.settings)
        except msgspec.ValidationError as error:
            raise Refuse(f"The settings do not fit: {error}") from error

    async def run(self, blob: Blob, context: Context[S]) -> list[Output]:
        """What the function makes of this blob; raises whatever it raises."""
        if blob.schema_id not in self.takes:
            raise Refuse(f"{self.id} takes {' or '.join(self.takes)}; this is {blob.schema_id}.")
        if self._work is None:
            raise Fault(f"The processor {self.id} has no function.")
        made = await self._work(blob, context)
        several = [made] if isinstance(made, Mapping | Derived) else made
        return [_output(one) for one in several]


def _output(made: Mapping[str, Any] | Derived) -> Output:
    if isinstance(made, Derived):
        return Output(data=made.data, schema_id=made.schema_id, bucket_ids=made.buckets)
    return Output(data=dict(made))
