"""Authentication of requests: by a token in the header, or by the browser's cookie, which only our own page may use."""

from collections.abc import Awaitable, Callable
from typing import Final

from reyna.domain.caller import Caller
from reyna.domain.errors import Conflict, Forbidden, NotSignedIn
from reyna.domain.text.clusters import truncate
from reyna.transport.http.request_head import Head

SESSION_COOKIE: Final = "reyna_session"
CSRF_HEADER: Final = b"x-reyna-csrf"
DOTS_IN_SIGNED_TOKEN: Final = 2  # a JWT; the token of a session has none
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
OWN_SITES: Final = (b"same-origin", b"none")  # Sec-Fetch-Site of our page, and of an address that a person typed

SECURE_SCHEMES: Final = ("https", "wss")
SECURE_PREFIX: Final = "__Host-"  # no other host and no plain connection can set such a cookie (RFC 6265bis)
USER_HEADER: Final = b"x-reyna-user"

Authenticator = Callable[[str], Awaitable[Caller]]
RunTokenVerifier = Callable[[str], Caller]
"""Returns the caller that a signed token stands for, or raises NotSignedIn."""
RUN_TOKEN: Final = {"takes_run_token": True}  # the `opt` of a handler that a worker may call with the token of its run
InstallationNameLookup = Callable[[], Awaitable[str]]
"""Returns the name of this installation, which is part of the names of its cookies: cookies ignore ports, so that two
studios on one host would sign each other out."""


class AnotherUser(Conflict):
    """Somebody else is signed in here by now."""


async def no_installation_name() -> str:
    """The lookup for an application that is alone on its host."""
    return ""


def bearer_of(head: Head) -> str | None:
    """Returns the token from `Authorization: Bearer …`."""
    scheme, _, token = head.get(b"authorization", b"").partition(b" ")
    return token.strip().decode("latin-1") or None if scheme.lower() == b"bearer" else None


def worker_of(token: str, verify: RunTokenVerifier) -> Caller | None:
    """Returns the worker that a run token stands for, and None for a token of another kind.

    Only run tokens are taken: services sign callers of every kind for each other. Raises NotSignedIn.
    """
    if token.count(".") != DOTS_IN_SIGNED_TOKEN:
        return None
    caller = verify(token)
    if caller.kind != "processor" or caller.run_id is None:
        raise NotSignedIn("This is no token of a run.")
    return caller


def cookie_name(installation: str, scheme: str, kind: str = SESSION_COOKIE) -> str:
    """Returns the name of a cookie of this installation for requests over this scheme."""
    name = f"{kind}_{installation}" if installation else kind
    return SECURE_PREFIX + name if scheme in SECURE_SCHEMES else name


def cookie_of(head: Head, installation: str, scheme: str) -> str | None:
    """Returns the token from the session cookie, or None. Of two that differ neither counts, since another program has
    set one of them.

    Without such a cookie, the cookie of earlier versions counts on a plain connection.
    """
    tokens = cookie_values(head, cookie_name(installation, scheme))
    if not tokens and scheme not in SECURE_SCHEMES:
        tokens = cookie_values(head, SESSION_COOKIE)
    return tokens.pop() or None if len(tokens) == 1 else None


def cookie_values(head: Head, name: str) -> set[str]:
    """Returns the different values that were sent of a cookie."""
    if (sent := head.get(b"cookie")) is None:
        return set()
    pairs = (part.strip().partition(b"=") for part in sent.split(b";"))
    return {value.strip(b'"').decode("latin-1") for key, _, value in pairs if key == name.encode()}


def check_intended_user(intended: str | None, user_id: str) -> None:
    """Raises AnotherUser when a request is meant for another user than the one who is signed in."""
    if intended is not None and intended != user_id:
        raise AnotherUser


def intended_user_id(head: Head) -> str | None:
    """Returns the user that a request is meant for (`X-Reyna-User`), or None when it does not say so."""
    user_id = head.get(USER_HEADER)
    return None if user_id is None else user_id.decode("latin-1")


def check_origin(head: Head) -> None:
    """Raises Forbidden when a page of another origin sends the request."""
    origin = head.get(b"origin")
    if origin is not None and origin.partition(b"://")[2] != head.get(b"host"):
        raise Forbidden(f"Requests from {truncate(origin.decode('latin-1'), 200)} are not accepted here.")
    check_site(head)


def check_site(head: Head) -> None:
    """Raises Forbidden when a browser says that a page of another site sends the request, unless a person navigates."""
    if head.get(b"sec-fetch-site", b"none") not in OWN_SITES and head.get(b"sec-fetch-mode") != b"navigate":
        raise Forbidden("Requests from pages of another site are not accepted here.")


def check_own_page(head: Head) -> None:
    """Raises Forbidden unless our own page sends the request: browsers add the cookie to the requests of any page."""
    check_origin(head)
    if b"origin" not in head:
        raise Forbidden("With the session cookie, what changes something comes with an Origin that is this studio's.")


def check_cookie_use(head: Head, method: str) -> None:
    """Raises Forbidden when a request that is signed in by the cookie alone is not protected against forgery."""
    if method in SAFE_METHODS:
        check_site(head)
        return
    check_own_page(head)
    if CSRF_HEADER not in head:
        raise Forbidden("With the session cookie, send the header x-reyna-csrf: 1.")
