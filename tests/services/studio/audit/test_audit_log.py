"""The audit log: what is in it, and that no entry is changed, removed or inserted unseen."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from reyna.domain.caller import SYSTEM_USER_ID, Caller, system_caller
from reyna.ports.store import Delete, Put
from reyna.services.studio.audit.audit_chain import find_problems, seal
from reyna.services.studio.audit.audit_log import HEAD_ID, AuditedAct
from reyna.services.studio.identity import StudioIdentity
from reyna.services.studio.records import AUDIT, AUDIT_HEADS, AuditEntry, AuditHead
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import PASSWORD, bearer
from tests.services.studio.harness import StudioHarness

SECRET = b"s" * 32
COUNT = 40
Log = tuple[list[AuditEntry], AuditHead]


async def entries_of(api: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.get("/api/audit", params=query)).json()["items"]
    return items


async def test_acts_are_recorded_with_their_key_and_outcome(api: httpx.AsyncClient, anas: SignedIn) -> None:
    key = (await api.post("/api/keys", json={"name": "Script", "scopes": ["admin"]})).json()
    await api.delete("/api/keys/key-of-nobody", headers={"authorization": f"Bearer {key['key']}"})
    await api.get("/api/keys")
    created, refused = await entries_of(api)
    assert (created["who"], created["action"], created["key"]) == (anas.user.id, "POST /keys", None)
    assert (created["from"], created["outcome"]) == ("127.0.0.1", "done")
    assert (refused["action"], refused["key"]) == ("DELETE /keys/{id}", key["id"])
    assert (refused["target"], refused["outcome"]) == ("key-of-nobody", "refused (404)")
    assert key["key"] not in str((created, refused))


async def test_signing_in_is_recorded_for_its_user_and_a_failure_for_the_studio(
    harness: StudioHarness, api: httpx.AsyncClient, anas: SignedIn
) -> None:
    right = {"email": anas.user.email, "password": PASSWORD}
    await api.post("/api/auth/login", json=right, headers={"authorization": ""})
    await api.post("/api/auth/login", json=right | {"password": "wrong guess"}, headers={"authorization": ""})
    assert [(one["action"], one["outcome"]) for one in await entries_of(api)] == [("POST /auth/login", "done")]
    (failed,) = await harness.store.find(AUDIT, SYSTEM_USER_ID)
    assert (failed.who, failed.outcome) == ("somebody", "refused (401)")


async def test_bo_sees_nothing_of_anas_log(api: httpx.AsyncClient, bos: SignedIn) -> None:
    await api.post("/api/keys", json={"name": "Script"})
    assert await entries_of(api) != []
    assert (await api.get("/api/audit", headers=bearer(bos))).json()["items"] == []


async def test_the_log_is_read_page_by_page_and_from_a_time_on(
    harness: StudioHarness, api: httpx.AsyncClient, anas: SignedIn
) -> None:
    for number in range(5):
        await harness.studio.audit.record(act(anas.user.id, number))
        harness.clock.advance(timedelta(hours=1))
    since = (harness.clock() - timedelta(hours=2)).isoformat()
    assert [one["target"] for one in await entries_of(api, since=since)] == ["3", "4"]
    first = (await api.get("/api/audit", params={"limit": 3})).json()
    second = await entries_of(api, cursor=first["next_cursor"])
    assert [one["target"] for one in (*first["items"], *second)] == ["0", "1", "2", "3", "4"]


async def test_entries_of_several_gateways_at_once_make_one_chain(harness: StudioHarness, anas: SignedIn) -> None:
    logs = [harness.studio.audit, harness.copy(key_secret=SECRET).studio.audit]
    logs.append(harness.copy(key_secret=SECRET).studio.audit)
    await asyncio.gather(*(log.record(act("user-a", number)) for number in range(10) for log in logs[1:]))
    assert await logs[1].verify("user-a") == []
    assert len(await harness.store.find(AUDIT, "user-a")) == 20


async def test_the_studio_verifies_all_logs(harness: StudioHarness, anas: SignedIn, bos: SignedIn) -> None:
    for user_id in (anas.user.id, bos.user.id, SYSTEM_USER_ID):
        for number in range(3):
            await harness.studio.audit.record(act(user_id, number))
    identity = StudioIdentity(harness.studio)
    assert await identity.verify_audit(system_caller()) == ()
    await harness.store.write(Delete(AUDIT, bos.user.id, "000000000002"))
    stored = await harness.store.get(AUDIT, SYSTEM_USER_ID, "000000000003")
    assert stored is not None
    await harness.store.write(Put(AUDIT, replace(stored, who="nobody"), expects=None))
    found = {(one.user_id, one.number, one.problem) for one in await identity.verify_audit(system_caller())}
    assert found == {(bos.user.id, 2, "missing"), (SYSTEM_USER_ID, 3, "changed")}


def act(user_id: str, number: int) -> AuditedAct:
    return AuditedAct(user_id=user_id, who=user_id, action="POST /keys", target=str(number), outcome="done")


@pytest.fixture
async def written(harness: StudioHarness) -> Log:
    log = harness.copy(key_secret=SECRET).studio.audit
    for number in range(COUNT):
        await log.record(act("user-a", number))
    head = await harness.store.get(AUDIT_HEADS, "user-a", HEAD_ID)
    assert head is not None
    return list(await harness.store.find(AUDIT, "user-a")), head


def change(entries: list[AuditEntry], at: int, choice: random.Random) -> set[int]:
    field, value = choice.choice([("who", "user-b"), ("outcome", "refused (403)"), ("target", None), ("key", "key-b")])
    entries[at] = replace(entries[at], **{field: value})
    return {at + 1}


def remove(entries: list[AuditEntry], at: int, choice: random.Random) -> set[int]:
    del entries[at]
    return {at + 1}


def insert(entries: list[AuditEntry], at: int, choice: random.Random) -> set[int]:
    new = replace(entries[at], id=f"{entries[at].id}a", who="user-b")
    entries.insert(at + 1, choice.choice([new, seal(b"another secret", new), entries[choice.randrange(at + 1)]]))
    return {entries[at + 1].number}


def forge(entries: list[AuditEntry], at: int, choice: random.Random) -> set[int]:
    """Seals an entry anew as whoever does not have the secret can: with another one."""
    entries[at] = seal(b"another secret", replace(entries[at], who="user-b"))
    return {at + 1}


def swap(entries: list[AuditEntry], at: int, choice: random.Random) -> set[int]:
    other = (at + 1) % COUNT
    entries[at], entries[other] = entries[other], entries[at]
    return {at + 1, other + 1}


async def test_each_of_a_hundred_tamperings_is_found_and_named(written: Log) -> None:
    entries, head = written
    assert find_problems(SECRET, "user-a", entries, head) == []
    choice = random.Random(2026)
    for _ in range(100):
        tampered, at = list(entries), choice.randrange(COUNT)
        touched = choice.choice([change, remove, insert, forge, swap])(tampered, at, choice)
        found = {problem.number for problem in find_problems(SECRET, "user-a", tampered, head)}
        assert touched & found, (touched, found)


async def test_an_end_that_is_cut_off_is_found_even_with_a_head_that_fits(written: Log) -> None:
    entries, head = written
    shorter = replace(head, number=COUNT - 1, hash=entries[-2].hash)
    assert find_problems(SECRET, "user-a", entries[:-1], head) != []
    assert find_problems(SECRET, "user-a", entries[:-1], shorter) != []


async def test_only_the_system_verifies(harness: StudioHarness, anas: SignedIn) -> None:
    with pytest.raises(Exception, match="Only the system"):
        await StudioIdentity(harness.studio).verify_audit(Caller(user_id=anas.user.id))
