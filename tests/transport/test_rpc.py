"""Verbs over the bus: the same refusals, the same types, and nobody without a pass."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from reyna.domain.blob import Blob, BlobChange, NewBlob
from reyna.domain.caller import Caller
from reyna.domain.errors import (
    ClockSkew,
    DataError,
    Fault,
    NotFound,
    NotSignedIn,
    StaleRevision,
    TimedOut,
    Unserved,
)
from reyna.domain.requests.page import Page
from reyna.ports.bus import Bus, RpcReply
from reyna.transport.rpc import Signer, long_running, remote, serve

SECRET = b"a secret of at least thirty-two bytes"
ANA = Caller(user_id="user-ana", origin="connection:1")
BLOB = Blob(
    id="blob-1",
    user_id="user-ana",
    processor_id="user-input",
    schema_id="text-input-v1",
    schema_version="1.0.0",
    data={"content": "The ship sailed."},
    size=30,
    created_by="user-ana",
    changed_by="user-ana",
    created_at=datetime(2026, 1, 2, tzinfo=UTC),
    updated_at=datetime(2026, 1, 2, tzinfo=UTC),
)


class Shelves:
    """A part of the library."""

    def __init__(self, asked: list[Any]) -> None:
        self._asked = asked

    async def create(self, caller: Caller, name: str) -> str:
        self._asked.append((caller, name))
        return f"shelf of {name}"

    async def refuses(self, caller: Caller) -> None:
        raise NotFound(id="shelf-1")

    @long_running
    async def copies(self, caller: Caller) -> str:
        return "shelves copied"


class Library:
    """A service with one verb of each kind, and a part."""

    shelves: Shelves
    release: asyncio.Event  # no part: it has no verbs

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.shelves = Shelves(self.asked)
        self.release = asyncio.Event()
        self.copying = asyncio.Event()

    async def create(self, caller: Caller, new: NewBlob, *, id: str | None = None) -> Blob:
        self.asked.append((caller, new, id))
        return msgspec.structs.replace(BLOB, user_id=caller.user_id, data=new.data, id=id or "blob-1")

    async def change(self, caller: Caller, id: str, change: BlobChange) -> None:
        self.asked.append((id, change))

    async def blobs(self, caller: Caller, *, limit: int = 50, ids: tuple[str, ...] = ()) -> Page[Blob]:
        self.asked.append((limit, ids))
        return Page(items=(BLOB, BLOB), next_cursor="more")

    async def place(self, caller: Caller, id: str, after: str | msgspec.UnsetType | None = msgspec.UNSET) -> list[str]:
        self.asked.append(after)
        return [id]

    @long_running
    async def copies(self, caller: Caller) -> str:
        self.copying.set()
        await self.release.wait()
        return "copied"

    async def raw(self, caller: Caller, data: msgspec.Raw) -> msgspec.Raw:
        return data

    async def refuses(self, caller: Caller) -> None:
        error = DataError(path="/data", message="was changed")
        raise StaleRevision("Somebody was faster.", errors=[error], blob_id="blob-1", current=BLOB)

    async def breaks(self, caller: Caller) -> None:
        raise RuntimeError("a secret of the service")

    async def hangs(self, caller: Caller) -> None:
        await self.release.wait()

    async def lies(self, caller: Caller) -> int:
        return "not a number"  # type: ignore[return-value]

    async def tidy(self) -> None:
        """Not a verb: it has no caller."""


@pytest.fixture
def signer() -> Signer:
    return Signer(SECRET)


@pytest.fixture
async def library(other: Bus, signer: Signer) -> Library:
    service = Library()
    await serve(service, "library", "1.0.0", other, signer)
    return service


@pytest.fixture
def far(bus: Bus, signer: Signer, library: Library) -> Library:
    return remote(Library, "library", bus, signer.sign, timeout=30)


async def test_a_far_verb_takes_and_gives_the_same_nouns(far: Library, library: Library) -> None:
    new = NewBlob(schema_id="text-input-v1", data={"content": "Storm."}, bucket_ids=("bucket-1",))
    blob = await far.create(ANA, new, id="blob-7")
    assert blob == msgspec.structs.replace(BLOB, data={"content": "Storm."}, id="blob-7")
    assert library.asked == [(ANA, new, "blob-7")]


async def test_a_part_takes_and_gives_what_it_would_here(far: Library, library: Library) -> None:
    assert await far.shelves.create(ANA, "storms") == "shelf of storms"
    assert await far.shelves.create(ANA, name="calms") == "shelf of calms"
    assert await far.shelves.copies(ANA) == "shelves copied"
    with pytest.raises(NotFound):
        await far.shelves.refuses(ANA)
    assert library.asked == [(ANA, "storms"), (ANA, "calms")]


async def test_a_verb_of_a_part_is_addressed_by_both_names(bus: Bus, signer: Signer, library: Library) -> None:
    reply = await bus.request(
        "library", "shelves.create", b'{"name":"storms"}', {"Reyna-Caller": signer.sign(ANA)}, timeout=5
    )
    assert msgspec.json.decode(reply.body) == "shelf of storms"


async def test_what_is_left_out_is_left_out_on_the_other_side_too(far: Library, library: Library) -> None:
    await far.place(ANA, "blob-1")
    await far.place(ANA, "blob-1", None)
    await far.change(ANA, "blob-1", BlobChange(merge_patch={"a": None}, base_revision=2))
    assert library.asked[:2] == [msgspec.UNSET, None]
    _, change = library.asked[2]
    assert change == BlobChange(merge_patch={"a": None}, base_revision=2)
    assert change.data is msgspec.UNSET


async def test_a_page_of_blobs_comes_back_as_a_page_of_blobs(far: Library, library: Library) -> None:
    assert await far.blobs(ANA, ids=("a", "b")) == Page(items=(BLOB, BLOB), next_cursor="more")
    assert library.asked == [(50, ("a", "b"))]


async def test_raw_json_passes_through_unread(far: Library) -> None:
    assert bytes(await far.raw(ANA, msgspec.Raw(b'{"a": 1}'))) == b'{"a": 1}'


async def test_a_protocol_with_the_verbs_one_needs_is_enough(bus: Bus, signer: Signer, library: Library) -> None:
    class Places(Protocol):
        async def place(self, caller: Caller, id: str) -> list[str]: ...

    assert await remote(Places, "library", bus, signer.sign).place(ANA, "blob-1") == ["blob-1"]


async def test_a_refusal_crosses_as_itself(far: Library) -> None:
    with pytest.raises(StaleRevision) as refused:
        await far.refuses(ANA)
    assert refused.value.detail == "Somebody was faster."
    assert refused.value.errors == (DataError(path="/data", message="was changed"),)
    assert refused.value.facts["blob_id"] == "blob-1"
    assert msgspec.convert(refused.value.facts["current"], Blob) == BLOB


async def test_a_fault_crosses_with_its_id_and_without_its_trace(
    far: Library, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR), pytest.raises(Fault) as broken:
        await far.breaks(ANA)
    assert type(broken.value) is Fault
    assert "secret" not in str(broken.value)
    assert broken.value.id in caplog.text
    assert "a secret of the service" in caplog.text


async def test_a_far_verb_that_takes_too_long_is_timed_out(bus: Bus, signer: Signer, library: Library) -> None:
    with pytest.raises(TimedOut):
        await remote(Library, "library", bus, signer.sign, timeout=0.05).hangs(ANA)
    library.release.set()


async def test_a_verb_that_takes_long_is_waited_for(bus: Bus, signer: Signer, library: Library) -> None:
    asking = asyncio.create_task(remote(Library, "library", bus, signer.sign, timeout=0.05).copies(ANA))
    await library.copying.wait()
    with pytest.raises(TimedOut):
        await remote(Library, "library", bus, signer.sign, timeout=0.05).hangs(ANA)
    library.release.set()
    assert await asking == "copied"


async def test_a_service_of_which_no_copy_runs_is_unserved(bus: Bus, signer: Signer) -> None:
    with pytest.raises(Unserved):
        await remote(Library, "library", bus, signer.sign).breaks(ANA)


async def test_two_copies_of_a_service_share_the_load(bus: Bus, other: Bus, signer: Signer) -> None:
    copies = [Library(), Library()]
    for at, service in zip((bus, other), copies, strict=True):
        await serve(service, "library", "1.0.0", at, signer)
    far = remote(Library, "library", bus, signer.sign)
    await asyncio.gather(*[far.blobs(ANA) for _ in range(40)])
    assert all(service.asked for service in copies)
    assert sum(len(service.asked) for service in copies) == 40


async def test_an_answer_in_another_shape_is_a_fault(far: Library) -> None:
    with pytest.raises(Fault, match="shape"):
        await far.lies(ANA)


async def test_a_wrong_call_fails_before_it_leaves(far: Library) -> None:
    with pytest.raises(TypeError, match="new"):
        await far.create(ANA)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nonsense"):
        await far.blobs(ANA, nonsense=1)  # type: ignore[call-arg]


# --- requests that nobody signed ---


async def asked(bus: Bus, token: str, verb: str = "blobs", body: bytes = b"{}") -> RpcReply:
    return await bus.request("library", verb, body, {"Reyna-Caller": token} if token else {}, timeout=30)


async def refusal(bus: Bus, signer: Signer, verb: str, body: bytes) -> Any:
    return msgspec.json.decode((await asked(bus, signer.sign(ANA), verb, body)).body)


async def test_a_wrong_argument_is_refused_by_its_name(bus: Bus, signer: Signer, library: Library) -> None:
    wrong = await refusal(bus, signer, "blobs", b'{"limit": "many"}')
    assert (wrong["code"], wrong["errors"][0]["path"]) == ("invalid", "/limit")
    unknown = await refusal(bus, signer, "blobs", b'{"colour": 1}')
    assert (unknown["code"], unknown["errors"][0]["path"]) == ("invalid", "/colour")
    missing = await refusal(bus, signer, "create", b'{"new": {"data": 1}}')
    assert (missing["code"], missing["errors"][0]["path"]) == ("invalid", "/new/schema_id")
    malformed = await refusal(bus, signer, "blobs", b"{")
    assert malformed["code"] == "invalid"
    assert library.asked == []


async def test_what_is_not_a_verb_cannot_be_asked(bus: Bus, signer: Signer, library: Library) -> None:
    for verb in ("tidy", "__init__"):
        with pytest.raises(Unserved):
            await asked(bus, signer.sign(ANA), verb)


def forged(claims: dict[str, Any], *, secret: bytes = SECRET, algorithm: str = "HS256") -> str:
    good = {"aud": "reyna.rpc", "iat": 1_000, "exp": 1_060, "caller": {"user_id": "user-ana"}}
    return jwt.encode({"alg": algorithm}, good | claims, OctKey.import_key(secret), algorithms=[algorithm])


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        "a.b.c",
        "eyJhbGciOiJub25lIn0.eyJhdWQiOiJyZXluYS5ycGMifQ.",
        forged({}, secret=b"another secret, of the same sufficient length"),
        forged({}, algorithm="HS512"),
        forged({"aud": "session"}),
        forged({"caller": {"name": "ana"}}),
        forged({"exp": "later"}),
    ],
)
async def test_nobody_gets_in_without_a_pass_that_holds(bus: Bus, other: Bus, token: str) -> None:
    service = Library()
    await serve(service, "library", "1.0.0", other, Signer(SECRET, clock=lambda: 1_010.0))
    reply = await asked(bus, token)
    assert reply.error == ("401", "not_signed_in")
    assert service.asked == []


class Clock:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


HOUR = 3600


def test_a_pass_that_was_handed_out_holds_for_its_time_and_not_longer_even_when_it_was_seen_before() -> None:
    clock = Clock(1_000)
    signer = Signer(SECRET, clock)
    token = signer.sign(ANA, seconds=7 * 24 * HOUR)
    assert signer.verify(token) == ANA
    clock.now += 7 * 24 * HOUR
    assert signer.verify(token) == ANA
    clock.now += HOUR + 1
    with pytest.raises(NotSignedIn):
        signer.verify(token)


def test_requests_of_one_caller_carry_the_same_token_for_some_seconds() -> None:
    clock = Clock(1_000)
    signer = Signer(SECRET, clock)
    first = signer.sign(ANA)
    clock.now += 9
    assert signer.sign(ANA) == first
    assert signer.sign(msgspec.structs.replace(ANA, user_id="user-bo")) != first
    clock.now += 1
    later = signer.sign(ANA)
    clock.now -= 5
    assert first != later != signer.sign(ANA), "a clock that went back begins anew"


@pytest.mark.parametrize("ahead", [8, HOUR, 365 * 24 * HOUR])
def test_a_pass_from_the_future_holds_since_a_clock_may_go_back(ahead: int) -> None:
    token = Signer(SECRET, Clock(1_000 + ahead)).sign(ANA)
    assert Signer(SECRET, Clock(1_000)).verify(token) == ANA


def test_a_clock_that_is_behind_by_less_than_an_hour_does_no_harm() -> None:
    token = Signer(SECRET, Clock(100_000 - HOUR)).sign(ANA)
    assert Signer(SECRET, Clock(100_000)).verify(token) == ANA


async def test_who_asks_with_a_clock_that_is_far_behind_is_told_so_and_by_how_much(bus: Bus, other: Bus) -> None:
    service = Library()
    await serve(service, "library", "1.0.0", other, Signer(SECRET, Clock(100_000 + 2 * HOUR)))
    slow = remote(Library, "library", bus, Signer(SECRET, Clock(100_000)).sign, timeout=30)
    with pytest.raises(ClockSkew, match=r"7,200 s behind.*library") as told:
        await slow.blobs(ANA)
    assert not isinstance(told.value, NotSignedIn)
    assert service.asked == []


def test_a_pass_keeps_everything_about_its_caller() -> None:
    caller = Caller(user_id="user-bo", kind="processor", processor_id="text-expansion", run_id="run-1")
    signer = Signer(SECRET)
    assert signer.verify(signer.sign(caller)) == caller


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Signer(b"short")


async def test_not_found_is_told_from_nobody_there(bus: Bus, other: Bus, signer: Signer) -> None:
    class Empty:
        async def blob(self, caller: Caller, id: str) -> Blob:
            raise NotFound(id=id)

    await serve(Empty(), "empty", "1.0.0", other, signer)
    with pytest.raises(NotFound):
        await remote(Empty, "empty", bus, signer.sign).blob(ANA, "blob-1")
