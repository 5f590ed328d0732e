"""The two cookies of a browser: its session and its device tokens. No script can read them."""

from datetime import timedelta
from typing import Final

from litestar.datastructures import Cookie

from reyna.services.studio.sign_in.devices import DEVICE_SECONDS, split_tokens
from reyna.services.studio.sign_in.session_store import LIFETIMES
from reyna.transport.http import SESSION_COOKIE, JsonRequest
from reyna.transport.http.authentication import SECURE_SCHEMES, cookie_name, cookie_values

DEVICE_COOKIE: Final = "reyna_device"


def session_cookie(request: JsonRequest, installation: str, token: str) -> Cookie:
    """Returns the cookie that signs a browser in."""
    return _cookie(request, installation, SESSION_COOKIE, token, LIFETIMES["session"])


def device_cookie(request: JsonRequest, installation: str, value: str) -> Cookie:
    """Returns the cookie that outlives the session and says that somebody has signed in here before."""
    return _cookie(request, installation, DEVICE_COOKIE, value, timedelta(seconds=DEVICE_SECONDS))


def expired_session_cookies(request: JsonRequest, installation: str) -> list[Cookie]:
    """Returns cookies that make a browser forget its session, also under the name that earlier versions used."""
    present = _cookie(request, installation, SESSION_COOKIE, "", timedelta(0))
    return [present, *expired_legacy_cookies()] if cookie_values(request.head, SESSION_COOKIE) else [present]


def expired_legacy_cookies() -> list[Cookie]:
    """Returns cookies that make a browser forget the session cookie of earlier versions."""
    return [Cookie(key=SESSION_COOKIE, value="", httponly=True, samesite="lax", max_age=0)]


def has_legacy_cookie(request: JsonRequest, installation: str) -> bool:
    """Tells whether a request was signed in by the cookie of earlier versions."""
    if b"authorization" in request.head or not cookie_values(request.head, SESSION_COOKIE):
        return False
    return not cookie_values(request.head, cookie_name(installation, request.scope["scheme"]))


def device_tokens_of(request: JsonRequest, installation: str) -> tuple[str, ...]:
    """Returns the device tokens of a request."""
    values = cookie_values(request.head, cookie_name(installation, request.scope["scheme"], DEVICE_COOKIE))
    return tuple(token for value in sorted(values) for token in split_tokens(value))


def _cookie(request: JsonRequest, installation: str, kind: str, value: str, lifetime: timedelta) -> Cookie:
    scheme = request.scope["scheme"]
    return Cookie(
        key=cookie_name(installation, scheme, kind),
        value=value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=scheme in SECURE_SCHEMES,
        max_age=int(lifetime.total_seconds()),
    )
