"""What a password may be, and that it is the same one however a keyboard writes it."""

from unicodedata import normalize

import httpx
import pytest
from msgspec.structs import replace

from reyna.domain.errors import Invalid
from reyna.ports.store import Put
from reyna.services.studio.passwords.rules import check_password, guessable_reason, hashed_forms_of
from reyna.services.studio.records import USERS
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import PASSWORD
from tests.services.studio.harness import QUICK, StudioHarness

ANA = {"email": "ana@example.test", "name": "Ana"}
ACCENTED = "caf\u00e9 cr\u00e8me br\u00fbl\u00e9e"


async def register(browser: httpx.AsyncClient, password: str) -> int:
    return (await browser.post("/api/auth/register", json=ANA | {"password": password})).status_code


async def login(browser: httpx.AsyncClient, password: str) -> int:
    credentials = {"email": ANA["email"], "password": password}
    return (await browser.post("/api/auth/login", json=credentials)).status_code


@pytest.mark.parametrize(
    ("registered", "typed"),
    [
        (ACCENTED, normalize("NFD", ACCENTED)),
        (normalize("NFD", ACCENTED), ACCENTED),
        (
            "\u1112\u1161\u11ab\u1100\u1173\u11af \uadf8 \ube44\ubc00\ubc88\ud638",
            "\ud55c\uae00 \uadf8 \ube44\ubc00\ubc88\ud638",
        ),
        ("three\u00a0small words", "three small\u3000words"),
    ],
)
async def test_a_password_is_the_same_however_a_keyboard_writes_it(
    browser: httpx.AsyncClient, registered: str, typed: str
) -> None:
    assert await register(browser, registered) == 201
    assert await login(browser, typed) == 200
    assert await login(browser, f"{typed}.") == 401


async def test_the_old_password_and_the_new_one_are_normalised_too(browser: httpx.AsyncClient) -> None:
    await register(browser, ACCENTED)
    change = {"password": "another " + ACCENTED, "old_password": normalize("NFD", ACCENTED)}
    assert (await browser.patch("/api/me", json=change)).status_code == 200
    assert await login(browser, normalize("NFD", "another " + ACCENTED)) == 200


@pytest.mark.parametrize("kept", [normalize("NFD", ACCENTED), "a\u200dword of an emoji", "tab\tbetween words"])
async def test_a_hash_of_before_is_good_and_becomes_one_of_now(
    harness: StudioHarness, browser: httpx.AsyncClient, kept: str
) -> None:
    await register(browser, PASSWORD)
    id = (await browser.get("/api/me")).json()["user"]["id"]
    account = await harness.store.get(USERS, id, id)
    assert account is not None
    before = replace(account, password_hash=QUICK.hash(kept), revision=account.revision + 1)
    await harness.store.write(Put(USERS, before, expects=account.revision))
    assert await login(browser, kept) == 200
    now = await harness.store.get(USERS, id, id)
    assert now is not None and now.password_hash is not None
    assert QUICK.verify(now.password_hash, next(iter(hashed_forms_of(kept))))
    assert await login(browser, kept) == 200


@pytest.mark.parametrize(
    "password",
    [
        "password",
        "12345678",
        "Password",
        "PASSWORD1",
        "password123",
        "Password2024!",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44",
        " password ",
        "qwertyuiop",
        "iloveyou",
        "letmein123",
        "aaaaaaaa",
        "abababababab",
        "1q2w3e4r",
        "abcdefghij",
        "98765432",
        "ana@example.test",
        "ANA@Example.Test",
        "reynastudio",
        "reyna-studio1",
    ],
)
def test_a_password_that_anybody_would_guess_is_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_password(password, ANA["email"], ANA["name"])
    assert refused.value.errors[0].path == "/password"


@pytest.mark.parametrize("password", ["password", "12345678", "ana@example.test"])
async def test_no_account_gets_a_password_that_anybody_would_guess(browser: httpx.AsyncClient, password: str) -> None:
    assert await register(browser, password) == 422
    await register(browser, PASSWORD)
    change = await browser.patch("/api/me", json={"password": password, "old_password": PASSWORD})
    assert change.status_code == 422


@pytest.mark.parametrize(("password", "about"), [("annabella", "annabella@x.test"), ("Jorge-Luis 1899", "Jorge-Luis")])
def test_what_is_known_of_the_owner_is_no_password(password: str, about: str) -> None:
    assert guessable_reason(password, about) is not None


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "a long one",
        "long enough pw",
        "Tr0ub4dor&3x",
        "\u043f\u0430\u0440\u043e\u043b\u044c \u0438 \u0441\u043b\u043e\u0432\u043e",
        "8f3kq92m",
        "x  y  z  ?",
    ],
)
def test_a_password_that_nobody_would_guess_is_taken(password: str) -> None:
    assert check_password(password, "ana@example.test", "Ana") == password


@pytest.mark.parametrize(
    "password", ["", "short", "x" * 1025, "e\u0301" * 7, "nul\x00inside it", "\ud800 half a letter"]
)
async def test_what_cannot_be_a_password_is_refused(browser: httpx.AsyncClient, password: str) -> None:
    body = b'{"email":"ana@example.test","name":"Ana","password":"%s"}' % password.encode("unicode_escape").replace(
        b"\\x", b"\\u00"
    )
    answer = await browser.post("/api/auth/register", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422


@pytest.mark.parametrize("password", ["x" * 60_000, "\u0301" * 10_000, "nul\x00inside", ""])
async def test_no_password_at_sign_in_is_more_than_wrong(
    browser: httpx.AsyncClient, anas: SignedIn, password: str
) -> None:
    assert await login(browser, password) == 401


async def test_a_sign_in_that_is_larger_than_any_password_is_not_read(
    browser: httpx.AsyncClient, anas: SignedIn
) -> None:
    assert await login(browser, "x" * 2_000_000) == 413
