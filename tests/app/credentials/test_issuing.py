"""A credential lets the workers of one processor do their work on NATS, and nothing else."""

import asyncio
import json
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import nats
import pytest
from nats.aio.client import Client

from reyna.adapters.nats.bus import NatsBus
from reyna.app.config import Settings
from reyna.app.credentials.credential import WorkerCredential, read_credential, write_credential
from reyna.app.credentials.issuing import CredentialIssuer, describe_user, revoke_credential
from reyna.app.credentials.permissions import inbox_prefix_of, user_name_of
from reyna.domain.caller import SYSTEM_USER_ID, Caller
from reyna.domain.errors import CannotStart
from reyna.domain.event import Message
from reyna.embedded.home import Home
from reyna.embedded.nats import Nats
from reyna.embedded.nats_users import try_login
from reyna.ports.bus import Delivery, RpcReply, RpcRequest
from reyna.transport.rpc import Signer
from tests.support.collector import Collector

TIMEOUT_SECONDS: Final = 60.0
INBOX: Final = inbox_prefix_of(user_name_of("shouting"))
NO_PUBLISHING: Final = (
    *("reyna.event.user-ana.blob.created.text-input-v1", "reyna.live.user-ana.blob.created.text-input-v1"),
    *("reyna.run.shouting.user-ana", "reyna.run.other.user-ana", "reyna.dead.shouting.user-ana", "reyna.beat.other"),
    *("reyna.live.user-ana.processor.progress.other", "reyna.live.user-ana.processor.completed.shouting"),
    *("reyna.rpc.state.blobs.create", "reyna.rpc.studio.identify", "reyna.rpc.processors.runs.list"),
    *("$JS.API.CONSUMER.DURABLE.CREATE.RUNS.shouting", "$JS.API.CONSUMER.CREATE.RUNS.shouting.reyna.run.>"),
    *("$JS.API.CONSUMER.MSG.NEXT.RUNS.other", "$JS.API.CONSUMER.MSG.NEXT.EVENTS.processors"),
    *("$JS.API.STREAM.INFO.EVENTS", "$JS.API.DIRECT.GET.EVENTS", "$JS.API.STREAM.MSG.GET.EVENTS"),
    *("$JS.API.STREAM.DELETE.RUNS", "$JS.API.STREAM.CREATE.MINE", "$JS.ACK.RUNS.other.1.1.1.1.1", "$SRV.PING"),
)
NO_READING: Final = (
    *(">", "reyna.event.>", "reyna.live.>", "reyna.live.user-ana.>", "reyna.run.>", "reyna.rpc.>", "_INBOX.>"),
    *("_INBOX_processor-other.>", "reyna.live.*.processor.cancelled.other", "reyna.beat.*", "$JS.>"),
)


class Studio:
    """A nats-server in a home of its own, and the studio's connection to it."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(home=folder / "home")
        self.home = Home(self.settings.home)
        self.server = Nats(self.home)
        self.bus: NatsBus

    async def issue(self, processor_id: str = "shouting") -> WorkerCredential:
        issuer = CredentialIssuer(self.settings, self.bus, nats_url=self.server.url, embedded=True)
        return (await issuer.issue(processor_id))[0]


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    studio = Studio(tmp_path)
    studio.home.lock()
    await studio.server.start()
    studio.bus = await NatsBus.connect(studio.server.url, name="studio")
    await studio.bus.provision()
    yield studio
    await studio.bus.close()
    await studio.server.stop()
    studio.home.unlock()


class Stranger:
    """A program with a credential that speaks to the server as it likes."""

    def __init__(self) -> None:
        self.refusals = Collector[str]()
        self.disconnected = asyncio.Event()
        self.connection: Client

    async def connect(self, credential: WorkerCredential) -> Client:
        self.connection = await nats.connect(
            credential.nats_url,
            inbox_prefix=INBOX,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            allow_reconnect=False,
        )
        return self.connection

    async def _on_error(self, error: Exception) -> None:
        self.refusals(str(error))

    async def _on_disconnected(self) -> None:
        self.disconnected.set()


async def test_nothing_but_the_work_of_the_processor_can_be_done_with_it(studio: Studio) -> None:
    stranger = Stranger()
    connection = await stranger.connect(await studio.issue())
    for subject in NO_PUBLISHING:
        await connection.publish(subject, b"{}")
    for subject in NO_READING:
        await connection.subscribe(subject)
    subjects = {subject.lower() for subject in (*NO_PUBLISHING, *NO_READING)}
    refusals = await stranger.refusals.first(len(subjects))
    assert {text.lower().partition('"')[2].partition('"')[0] for text in refusals} == subjects
    assert (await studio.bus.position()).last == 0
    await connection.close()


async def test_the_runs_of_the_processor_come_and_its_beats_and_progress_go(studio: Studio) -> None:
    credential, heard, runs = await studio.issue(), Collector[str](), Collector[str]()
    for subject in ("reyna.beat.shouting", "reyna.live.user-ana.processor.progress.shouting"):
        await studio.bus.listen(subject, lambda received: heard(received.subject))
    await studio.bus.publish(Message(id="1", subject="reyna.run.other.user-ana", body=b"theirs"))
    await studio.bus.publish(Message(id="2", subject="reyna.run.shouting.user-ana", body=b"ours"))
    worker = await NatsBus.connect(credential.nats_url, name="worker", own_inboxes=INBOX)
    cancelled = Collector[str]()

    async def work(delivery: Delivery) -> None:
        runs(delivery.body.decode())

    await worker.listen("reyna.live.*.processor.cancelled.shouting", lambda received: cancelled(received.subject))
    await worker.publish_periodically(TIMEOUT_SECONDS, "reyna.beat.shouting", lambda: b"{}")
    await worker.publish_ephemeral("reyna.live.user-ana.processor.progress.shouting", b"{}")
    subject = "reyna.run.shouting.*"
    await worker.subscribe("RUNS", "shouting", subject, work, ack_wait=30.0, keep_alive=True)
    await studio.bus.publish(Message(id="3", subject="reyna.event.user-ana.processor.cancelled.shouting", body=b"{}"))
    assert await runs.first(1) == ["ours"]
    assert len(await heard.first(2)) == 2
    assert await cancelled.first(1) == ["reyna.live.user-ana.processor.cancelled.shouting"]
    await worker.close()


async def test_an_answer_never_goes_to_a_subject_that_the_worker_may_not_use(studio: Studio) -> None:
    async def answer(request: RpcRequest) -> RpcReply:
        return RpcReply(b"the answer")

    serving = await studio.bus.serve("state", "1.0.0", ["blobs.get"], answer)
    connection = await Stranger().connect(await studio.issue())
    await connection.publish("reyna.rpc.state.blobs.get", b"{}", reply="reyna.event.user-ana.blob.created.x")
    message = await connection.request("reyna.rpc.state.blobs.get", b"{}", timeout=TIMEOUT_SECONDS)
    assert message.data == b"the answer"
    assert (await studio.bus.position()).last == 0
    await connection.close()
    await serving.stop()


async def test_a_revoked_credential_ends_its_connections_and_no_others(studio: Studio) -> None:
    revoked, other = await studio.issue(), await studio.issue("other")
    stranger = Stranger()
    await stranger.connect(revoked)
    neighbour = await nats.connect(other.nats_url)
    assert await revoke_credential(studio.settings, "shouting")
    async with asyncio.timeout(TIMEOUT_SECONDS):
        await stranger.disconnected.wait()
    address = urlsplit(revoked.nats_url)
    assert await try_login(address.port or 0, address.username or "", address.password or "") is not None
    await neighbour.flush()
    assert studio.bus.connection_count == 1
    assert not await revoke_credential(studio.settings, "shouting")
    await neighbour.close()


async def test_a_new_credential_takes_the_place_of_the_former_one(studio: Studio) -> None:
    former = urlsplit((await studio.issue()).nats_url)
    new = urlsplit((await studio.issue()).nats_url)
    assert await try_login(former.port or 0, former.username or "", former.password or "") is not None
    assert await try_login(new.port or 0, new.username or "", new.password or "") is None


async def test_the_user_for_a_server_of_ones_own_is_described_and_not_added(studio: Studio) -> None:
    issuer = CredentialIssuer(studio.settings, studio.bus, nats_url=studio.server.url, embedded=False)
    credential, user = await issuer.issue("shouting")
    address = urlsplit(credential.nats_url)
    assert await try_login(address.port or 0, address.username or "", address.password or "") is not None
    described = json.loads(describe_user(user))
    assert (described["user"], described["password"]) == (address.username, address.password)
    assert "reyna.beat.shouting" in described["permissions"]["publish"]


async def test_a_credential_names_its_processor_to_the_services_and_nobody_else(studio: Studio) -> None:
    credential = await studio.issue()
    caller = Signer(studio.settings.signing_secret()).verify(credential.token)
    assert caller == Caller(user_id=SYSTEM_USER_ID, kind="processor", processor_id="shouting")
    assert credential.token not in repr(credential)


def test_the_file_of_a_credential_is_for_its_owner_alone(tmp_path: Path) -> None:
    path, credential = tmp_path / "a.credential", WorkerCredential(processor_id="a", nats_url="nats://b", token="c")
    path.touch(0o644)
    write_credential(path, credential)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_credential(path) == credential
    path.write_text("{}", encoding="utf-8")
    with pytest.raises(CannotStart, match="holds no credential"):
        read_credential(path)
