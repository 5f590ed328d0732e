"""Making an account, signing in and out, and being known again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from reyna.adapters.memory.bus import MemoryBus
from reyna.adapters.memory.store import MemoryStore
from reyna.domain.caller import Caller
from reyna.domain.errors import AlreadyThere, Conflict, Forbidden, Invalid, NotSignedIn, TooMuch
from reyna.domain.processing.model import Model
from reyna.services.processors.models.model_access import ModelAccess
from reyna.services.processors.models.no_models import NoModels
from reyna.services.processors.service import Processors
from reyna.services.studio.accounts.accounts import AccountChange
from reyna.services.studio.accounts.sign_up import Registration
from reyna.services.studio.passwords.hashing import Passwords
from reyna.services.studio.records import COLLECTIONS
from reyna.services.studio.service import Studio
from reyna.services.studio.sign_in.limits import MAX_FAILURES_PER_ACCOUNT_AND_SOURCE as MAX_FAILURES
from reyna.services.studio.sign_in.session_store import LIFETIMES
from reyna.services.studio.sign_in.sessions import SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from reyna.services.studio.sign_in.throttle import FAILURE_WINDOW
from reyna.transport.rpc import remote
from tests.services.studio.conftest import PASSWORD, create_account
from tests.services.studio.harness import QUICK, StudioHarness, studio_harness
from tests.support.concurrency import gather_results

NOTHING = {"blobs": 0, "bytes": 0, "buckets": 0, "runs": 0, "files": 0, "file_bytes": 0}
ANA = {"email": "ana@example.test", "password": PASSWORD, "name": "Ana"}


WRONG = "wrong guess"


def guess(email: str = "ana@example.test", password: str = WRONG) -> Credentials:
    return Credentials(email=email, password=password)


async def test_an_account_is_made_and_signed_in_at_once(browser: httpx.AsyncClient) -> None:
    made = await browser.post("/api/auth/register", json=ANA)
    assert made.status_code == 201
    assert made.json().keys() == {"user", "token"}
    assert made.json()["user"].keys() == {"id", "email", "name", "created_at", "has_password"}
    assert "password" not in made.text.replace("has_password", "")
    me = (await browser.get("/api/me")).json()
    assert (me["user"], me["usage"], me["quota"]) == (made.json()["user"], NOTHING, {})


class Models(NoModels):
    """The models of an installation: one of the settings, and one that was found on the machine."""

    def __init__(self, *, demonstration: bool) -> None:
        self._demonstration = demonstration

    def system_models(self) -> Sequence[Model]:
        own = Model(id="model-system", name="m", provider="openai", model="m", demonstration=self._demonstration)
        return own, Model(id="found-m", name="m", provider="openai", model="m", found=True)


@pytest.mark.parametrize(("demonstration", "found"), [(False, ["text-expansion"]), (True, [])])
async def test_a_new_user_finds_text_expansion_switched_on_where_a_model_is_connected(
    demonstration: bool, found: list[str]
) -> None:
    async with studio_harness(models=ModelAccess(source=Models(demonstration=demonstration))) as harness:
        ana = await create_account(harness, "ana@example.test")
        instances = (await harness.processors.instances.list(Caller(user_id=ana.user.id))).items
        assert [instance.processor_id for instance in instances if instance.enabled] == found


@pytest.mark.parametrize(
    "email",
    ["ana@example.test", "ANA@Example.TEST", "  ana@example.test ", "ana@\uff45xample.test", "\uff21na@example.test"],
)
async def test_one_address_is_one_account_however_it_is_written(
    harness: StudioHarness, anas: SignedIn, email: str
) -> None:
    with pytest.raises(AlreadyThere):
        await create_account(harness, email)
    assert (await harness.studio.sign_in.with_password(guess(email, PASSWORD))).user == anas.user


@pytest.mark.parametrize(
    ("one", "other"),
    [("jose\u0301@x.test", "jos\xe9@x.test"), ("stra\xdfe@x.test", "STRASSE@x.test"), ("\ufb01x@x.test", "FIX@x.test")],
)
async def test_unicode_forms_of_one_address_are_one_account(harness: StudioHarness, one: str, other: str) -> None:
    made = await create_account(harness, one)
    with pytest.raises(AlreadyThere):
        await create_account(harness, other)
    assert (await harness.studio.sign_in.with_password(guess(other, PASSWORD))).user.id == made.user.id


async def test_two_who_want_one_address_at_the_same_moment_do_not_both_get_it(harness: StudioHarness) -> None:
    done = await gather_results(*(create_account(harness) for _ in range(5)))
    assert sum(isinstance(one, SignedIn) for one in done) == 1
    assert sum(isinstance(one, AlreadyThere) for one in done) == 4


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"email": ""}, "/email"),
        ({"email": "ana"}, "/email"),
        ({"email": "@example.test"}, "/email"),
        ({"email": "ana@"}, "/email"),
        ({"email": "a b@example.test"}, "/email"),
        ({"email": "a\x00@example.test"}, "/email"),
        ({"email": f"{'a' * 65}@example.test"}, "/email"),
        ({"email": f"ana@{'a' * 190}"}, "/email"),
        ({"password": "short"}, "/password"),
        ({"password": "x" * 1025}, "/password"),
        ({"name": ""}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "a\x00"}, "/name"),
        ({"name": 1}, "/name"),
        ({"role": "owner"}, "/role"),
    ],
)
async def test_what_cannot_be_an_account_is_refused_by_field(
    browser: httpx.AsyncClient, change: dict[str, Any], path: str
) -> None:
    answer = await browser.post("/api/auth/register", json=ANA | change)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == path


async def test_signing_in_gives_another_token_for_the_same_user(harness: StudioHarness, anas: SignedIn) -> None:
    again = await harness.studio.sign_in.with_password(guess(password=PASSWORD))
    assert again.token != anas.token
    assert {
        await harness.studio.sessions.identify(again.token),
        await harness.studio.sessions.identify(anas.token),
    } == {Caller(user_id=anas.user.id)}


async def test_a_wrong_password_and_an_unknown_address_are_told_apart_by_nobody(
    browser: httpx.AsyncClient, anas: SignedIn
) -> None:
    wrong = await browser.post("/api/auth/login", json={"email": "ana@example.test", "password": WRONG})
    unknown = await browser.post("/api/auth/login", json={"email": "cy@example.test", "password": WRONG})
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert (wrong.status_code, wrong.json()["reason"]) == (401, "not_signed_in")
    assert "set-cookie" not in wrong.headers


async def test_guesses_are_throttled_until_the_window_has_passed(harness: StudioHarness, anas: SignedIn) -> None:
    for _ in range(MAX_FAILURES):
        with pytest.raises(NotSignedIn):
            await harness.studio.sign_in.with_password(guess("ANA@example.test"))
    with pytest.raises(TooMuch) as refused:
        await harness.studio.sign_in.with_password(guess(password=PASSWORD))
    assert 0 < refused.value.facts["retry_after"] <= FAILURE_WINDOW.total_seconds() + 1
    harness.clock.advance(FAILURE_WINDOW + timedelta(seconds=1))
    assert (await harness.studio.sign_in.with_password(guess(password=PASSWORD))).user == anas.user


async def test_the_right_password_ends_the_count(harness: StudioHarness, anas: SignedIn) -> None:
    for _ in range(3):
        for _ in range(MAX_FAILURES - 1):
            with pytest.raises(NotSignedIn):
                await harness.studio.sign_in.with_password(guess())
        await harness.studio.sign_in.with_password(guess(password=PASSWORD))


async def test_guesses_at_once_are_counted_like_guesses_in_turn(harness: StudioHarness, anas: SignedIn) -> None:
    done = await gather_results(*(harness.studio.sign_in.with_password(guess()) for _ in range(4 * MAX_FAILURES)))
    assert sum(isinstance(one, NotSignedIn) for one in done) == MAX_FAILURES
    assert sum(isinstance(one, TooMuch) for one in done) == 3 * MAX_FAILURES


async def test_guesses_at_one_account_do_not_lock_another(
    harness: StudioHarness, anas: SignedIn, bos: SignedIn
) -> None:
    await gather_results(*(harness.studio.sign_in.with_password(guess()) for _ in range(2 * MAX_FAILURES)))
    assert (await harness.studio.sign_in.with_password(guess("bo@example.test", PASSWORD))).user == bos.user


async def test_many_devices_of_one_person_may_sign_in_at_once(harness: StudioHarness, anas: SignedIn) -> None:
    done = await gather_results(
        *(harness.studio.sign_in.with_password(guess(password=PASSWORD)) for _ in range(2 * MAX_FAILURES))
    )
    assert all(isinstance(one, SignedIn) for one in done)


async def test_a_session_ends_after_its_time(harness: StudioHarness, anas: SignedIn) -> None:
    harness.clock.advance(LIFETIMES["session"] - timedelta(seconds=1))
    assert await harness.studio.sessions.identify(anas.token) == Caller(user_id=anas.user.id)
    harness.clock.advance(timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        await harness.studio.sessions.identify(anas.token)


async def test_signing_out_ends_this_session_only(harness: StudioHarness, anas: SignedIn) -> None:
    other = await harness.studio.sign_in.with_password(guess(password=PASSWORD))
    await harness.studio.sessions.end(anas.token)
    with pytest.raises(NotSignedIn):
        await harness.studio.sessions.identify(anas.token)
    assert await harness.studio.sessions.identify(other.token) == Caller(user_id=anas.user.id)


async def test_signing_out_in_the_browser_forgets_the_cookie_and_may_be_repeated(browser: httpx.AsyncClient) -> None:
    await browser.post("/api/auth/register", json=ANA)
    out = await browser.post("/api/auth/logout")
    assert (out.status_code, out.content) == (204, b"")
    assert 'reyna_session="";' in out.headers["set-cookie"] or "Max-Age=0" in out.headers["set-cookie"]
    assert (await browser.get("/api/me")).status_code == 401
    assert (await browser.post("/api/auth/logout")).status_code == 204


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
async def test_no_script_can_read_the_cookie_and_no_other_site_sends_it(
    browser: httpx.AsyncClient, scheme: str, secure: bool
) -> None:
    made = await browser.post(
        f"{scheme}://studio.test/api/auth/register", json=ANA, headers={"origin": f"{scheme}://studio.test"}
    )
    flags = {flag.strip().lower() for flag in made.headers["set-cookie"].split(";")}
    assert {"httponly", "samesite=lax", "path=/", f"max-age={int(LIFETIMES['session'].total_seconds())}"} <= flags
    assert ("secure" in flags) is secure


@pytest.mark.parametrize("path", ["register", "login", "link", "logout"])
async def test_a_page_of_another_origin_cannot_sign_anyone_in_or_out(browser: httpx.AsyncClient, path: str) -> None:
    bodies: dict[str, Any] = {"register": ANA, "login": {"email": "a@b.c", "password": "x"}, "link": {"token": "x"}}
    answer = await browser.post(f"/api/auth/{path}", json=bodies.get(path), headers={"origin": "http://elsewhere.test"})
    assert answer.status_code == 403


# --- the one-time link ---


async def test_the_first_link_is_good_once(harness: StudioHarness, browser: httpx.AsyncClient) -> None:
    token = await harness.studio.sign_up.create_owner_link()
    followed = await browser.post("/api/auth/link", json={"token": token})
    assert followed.status_code == 200
    assert followed.json()["user"]["has_password"] is False
    assert (await browser.get("/api/me")).json()["user"] == followed.json()["user"]
    assert (await browser.post("/api/auth/link", json={"token": token})).status_code == 401


async def test_of_many_who_follow_a_link_at_once_one_comes_in(harness: StudioHarness) -> None:
    token = await harness.studio.sign_up.create_owner_link()
    assert token is not None
    done = await gather_results(*(harness.studio.sign_in_links.follow(token) for _ in range(5)))
    assert sum(isinstance(one, SignedIn) for one in done) == 1


async def test_a_link_is_no_session_and_a_session_is_no_link(harness: StudioHarness, anas: SignedIn) -> None:
    link = await harness.studio.sign_in_links.create_for("ana@example.test")
    with pytest.raises(NotSignedIn):
        await harness.studio.sessions.identify(link)
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in_links.follow(anas.token)


async def test_a_link_is_good_for_a_week(harness: StudioHarness) -> None:
    token = await harness.studio.sign_up.create_owner_link()
    assert token is not None
    harness.clock.advance(LIFETIMES["link"])
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in_links.follow(token)


# --- one's own account ---


async def test_a_name_is_changed_without_a_password(harness: StudioHarness, anas: SignedIn) -> None:
    changed = await harness.studio.accounts.change(Caller(user_id=anas.user.id), AccountChange(name=" Anna "))
    assert (changed.name, changed.email) == ("Anna", "ana@example.test")


@pytest.mark.parametrize("change", [{"email": "new@example.test"}, {"password": "another password"}])
async def test_address_and_password_are_changed_with_the_old_password_only(
    harness: StudioHarness, anas: SignedIn, change: dict[str, str]
) -> None:
    me = Caller(user_id=anas.user.id)
    with pytest.raises(Invalid) as missing:
        await harness.studio.accounts.change(me, AccountChange(**change))
    assert missing.value.errors[0].path == "/old_password"
    with pytest.raises(Forbidden):
        await harness.studio.accounts.change(me, AccountChange(**change, old_password=WRONG))
    await harness.studio.accounts.change(me, AccountChange(**change, old_password=PASSWORD))
    email, password = change.get("email", "ana@example.test"), change.get("password", PASSWORD)
    assert (await harness.studio.sign_in.with_password(guess(email, password))).user.id == anas.user.id


async def test_a_new_password_ends_every_other_session_and_link(harness: StudioHarness, anas: SignedIn) -> None:
    elsewhere = await harness.studio.sign_in.with_password(guess(password=PASSWORD))
    link = await harness.studio.sign_in_links.create_for("ana@example.test")
    change = AccountChange(password="another password", old_password=PASSWORD)
    await harness.studio.accounts.change(Caller(user_id=anas.user.id), change, token=anas.token)
    assert await harness.studio.sessions.identify(anas.token) == Caller(user_id=anas.user.id)
    with pytest.raises(NotSignedIn):
        await harness.studio.sessions.identify(elsewhere.token)
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in_links.follow(link)


async def test_the_old_address_is_free_again(harness: StudioHarness, anas: SignedIn) -> None:
    change = AccountChange(email="new@example.test", old_password=PASSWORD)
    await harness.studio.accounts.change(Caller(user_id=anas.user.id), change)
    with pytest.raises(NotSignedIn):
        await harness.studio.sign_in.with_password(guess(password=PASSWORD))
    assert (await create_account(harness)).user.id != anas.user.id


async def test_an_address_may_be_written_differently(harness: StudioHarness, anas: SignedIn) -> None:
    change = AccountChange(email="Ana@Example.test", old_password=PASSWORD)
    assert (await harness.studio.accounts.change(Caller(user_id=anas.user.id), change)).email == "Ana@Example.test"


async def test_a_taken_address_stays_where_it_is(harness: StudioHarness, anas: SignedIn, bos: SignedIn) -> None:
    with pytest.raises(AlreadyThere):
        await harness.studio.accounts.change(
            Caller(user_id=anas.user.id), AccountChange(email="BO@example.test", old_password=PASSWORD)
        )
    assert (await harness.studio.sign_in.with_password(guess("bo@example.test", PASSWORD))).user == bos.user


async def test_changes_at_once_lose_nothing(harness: StudioHarness, anas: SignedIn) -> None:
    me = Caller(user_id=anas.user.id)
    done = await gather_results(
        harness.studio.accounts.change(me, AccountChange(email="one@example.test", old_password=PASSWORD)),
        harness.studio.accounts.change(me, AccountChange(email="two@example.test", old_password=PASSWORD)),
    )
    (lost,) = [one for one in done if isinstance(one, Exception)]
    assert type(lost) is Conflict
    (kept,) = [one for one in done if not isinstance(one, BaseException)]
    assert (await harness.studio.accounts.get(me)).email == kept.email


async def test_guessing_the_old_password_is_throttled(harness: StudioHarness, anas: SignedIn) -> None:
    change = AccountChange(password="another password", old_password=WRONG)
    done = await gather_results(
        *(harness.studio.accounts.change(Caller(user_id=anas.user.id), change) for _ in range(15))
    )
    assert sum(type(one) is TooMuch for one in done) == 15 - MAX_FAILURES


async def test_an_account_that_came_by_link_takes_its_password_itself(harness: StudioHarness) -> None:
    token = await harness.studio.sign_up.create_owner_link()
    assert token is not None
    owner = await harness.studio.sign_in_links.follow(token)
    change = AccountChange(email="me@example.test", password=PASSWORD)
    assert (await harness.studio.accounts.change(Caller(user_id=owner.user.id), change)).has_password
    assert (await harness.studio.sign_in.with_password(guess("me@example.test", PASSWORD))).user.id == owner.user.id


async def test_nobody_sees_another_account(harness: StudioHarness, anas: SignedIn, bos: SignedIn) -> None:
    assert (await harness.studio.profile.get(Caller(user_id=bos.user.id))).user == bos.user


async def test_an_account_is_made_even_while_the_processors_are_away(harness: StudioHarness) -> None:
    away = remote(Processors, "processors", MemoryBus(), lambda _: "")

    store = MemoryStore(COLLECTIONS)
    studio = Studio(store, harness.bus, harness.state, away, passwords=Passwords(QUICK))
    made = await studio.sign_up.register(Registration(email="cy@example.test", password=PASSWORD, name="Cy"))
    assert await studio.sessions.identify(made.token) == Caller(user_id=made.user.id)
