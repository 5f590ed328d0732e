"""Whoever runs a studio decides who comes in, and sees nothing of what they wrote."""

from collections.abc import AsyncIterator

import httpx
import pytest

from reyna.domain.caller import Caller, system_caller
from reyna.domain.errors import Conflict, Forbidden, NotFound, NotSignedIn
from reyna.services.studio.gateway.close_codes import NOT_SIGNED_IN
from reyna.services.studio.identity import StudioIdentity
from reyna.services.studio.sign_in.sessions import AccountDisabled, SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from tests.services.studio.conftest import PASSWORD, bearer
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness

ANA = "ana@example.test"
RIGHT = Credentials(email=ANA, password=PASSWORD)
SYSTEM = system_caller()


@pytest.fixture
async def identity(harness: StudioHarness) -> AsyncIterator[StudioIdentity]:
    yield StudioIdentity(harness.studio)


async def test_all_accounts_are_listed_page_by_page(identity: StudioIdentity, anas: SignedIn, bos: SignedIn) -> None:
    first = await identity.list_members(SYSTEM, limit=1)
    second = await identity.list_members(SYSTEM, limit=1, cursor=first.next_cursor)
    assert [member.email for member in (*first.items, *second.items)] == [ANA, "bo@example.test"]
    assert second.next_cursor is None
    assert {member.role for member in (*first.items, *second.items)} == {"member"}


async def test_the_first_account_of_an_installation_is_its_owner(
    harness: StudioHarness, identity: StudioIdentity
) -> None:
    await harness.studio.sign_up.create_owner_link()
    (owner,) = (await identity.list_members(SYSTEM)).items
    assert owner.role == "owner"
    for change in (identity.disable_member(SYSTEM, owner.email), identity.set_role(SYSTEM, owner.email, "member")):
        with pytest.raises(Conflict, match="last owner"):
            await change


async def test_a_disabled_user_is_out_everywhere_until_enabled(
    harness: StudioHarness, identity: StudioIdentity, api: httpx.AsyncClient, anas: SignedIn
) -> None:
    key = {"authorization": f"Bearer {(await api.post('/api/keys', json={'name': 'Script'})).json()['key']}"}
    link = await identity.create_sign_in_link(SYSTEM, ANA)
    async with connect(harness.websocket_app, bearer(anas)) as device, connect(harness.websocket_app, key) as program:
        for one in (device, program):
            await one.wait_until_live()
        assert (await identity.disable_member(SYSTEM, ANA)).disabled_at is not None
        for one in (device, program):
            assert (await one.closed)[0] == NOT_SIGNED_IN
    for headers in (bearer(anas), key):
        assert (await api.get("/api/me", headers=headers)).status_code == 401
    with pytest.raises(AccountDisabled):
        await harness.studio.sign_in.with_password(RIGHT)
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in_links.follow(link)
    with pytest.raises(AccountDisabled):
        await harness.studio.sign_in_links.follow(await identity.create_sign_in_link(SYSTEM, ANA))
    await identity.enable_member(SYSTEM, ANA)
    assert (await harness.studio.sign_in.with_password(RIGHT)).user.id == anas.user.id
    assert (await api.get("/api/me", headers=key)).status_code == 200


async def test_only_who_knows_the_password_learns_that_an_account_is_disabled(
    harness: StudioHarness, identity: StudioIdentity, anas: SignedIn
) -> None:
    await identity.disable_member(SYSTEM, ANA)
    with pytest.raises(NotSignedIn, match="address or the password is wrong"):
        await harness.studio.sign_in.with_password(Credentials(email=ANA, password="wrong guess"))


async def test_a_reset_link_takes_the_password_away_and_ends_all_sessions(
    harness: StudioHarness, identity: StudioIdentity, api: httpx.AsyncClient, anas: SignedIn
) -> None:
    token = await identity.create_reset_link(SYSTEM, ANA)
    assert (await api.get("/api/me")).status_code == 200  # until it is followed, nothing changes
    back = await harness.studio.sign_in_links.follow(token)
    assert not back.user.has_password
    assert (await api.get("/api/me")).status_code == 401
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in.with_password(RIGHT)
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in_links.follow(token)
    new = {"password": "a ship sails at dusk"}
    assert (await api.post("/api/me/password", json=new, headers=bearer(back))).status_code == 200


async def test_nobody_but_the_system_manages_accounts(identity: StudioIdentity, anas: SignedIn) -> None:
    for caller in (Caller(user_id=anas.user.id), Caller(user_id=anas.user.id, kind="processor")):
        for call in (
            identity.list_members(caller),
            identity.disable_member(caller, ANA),
            identity.enable_member(caller, ANA),
            identity.set_role(caller, ANA, "owner"),
            identity.create_reset_link(caller, ANA),
        ):
            with pytest.raises(Forbidden):
                await call
    with pytest.raises(NotFound):
        await identity.disable_member(SYSTEM, "nobody@example.test")
