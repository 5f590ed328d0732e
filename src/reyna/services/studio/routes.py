"""The routes of the studio service: accounts, sign-in and the event feed."""

from contextlib import suppress
from typing import Annotated, Any, Final, cast

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody
from litestar.response import Stream

from reyna.domain.caller import Caller
from reyna.domain.errors import NotSignedIn
from reyna.domain.requests.page import DEFAULT_LIMIT, Page
from reyna.services.studio.accounts.accounts import AccountChange
from reyna.services.studio.accounts.invitations import RegistrationMode
from reyna.services.studio.accounts.profile import Me
from reyna.services.studio.accounts.sign_up import Registration
from reyna.services.studio.accounts.users import User
from reyna.services.studio.audit.audited_routes import SIGNED_IN_USER
from reyna.services.studio.audit.routes import audit_routes
from reyna.services.studio.events.feed import Happened
from reyna.services.studio.events.stream import HEADERS, MEDIA_TYPE, accepts_event_stream
from reyna.services.studio.keys.routes import key_routes
from reyna.services.studio.service import Studio
from reyna.services.studio.sign_in.cookies import (
    device_cookie,
    device_tokens_of,
    expired_legacy_cookies,
    expired_session_cookies,
    has_legacy_cookie,
    session_cookie,
)
from reyna.services.studio.sign_in.sessions import SessionInfo, SignedIn
from reyna.services.studio.sign_in.sign_in import Credentials
from reyna.services.studio.sign_in.visitors import Visitor
from reyna.transport.http import (
    CurrentCaller,
    Cursor,
    JsonRequest,
    Limit,
    bearer_of,
    check_intended_user,
    check_own_page,
    intended_user_id,
)

StudioDependency = NamedDependency[Studio]
LastEventId = Annotated[str | None, HeaderParameter(name="Last-Event-ID")]


class RegistrationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The rule for new accounts: open to everybody, to people with an invitation, or to nobody."""

    registration: RegistrationMode


class Link(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    token: str


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`old_password` is needed where there is a password."""

    password: str
    old_password: str | msgspec.UnsetType = msgspec.UNSET


@get("/auth/registration")
async def registration(studio: StudioDependency) -> RegistrationPolicy:
    """Returns who may create an account here: everybody (`open`), people with an invitation (`invite`), or nobody
    (`closed`)."""
    return RegistrationPolicy(registration=studio.invitations.mode)


@post("/auth/register")
async def register(request: JsonRequest, studio: StudioDependency, data: JSONBody[Registration]) -> Response[SignedIn]:
    """Creates an account and signs it in. Where registration is not open, it needs an invitation or is refused."""
    visitor = await _visitor(request, studio)
    return await _with_cookies(request, studio, visitor, await studio.sign_up.register(data, visitor), status=201)


@post("/auth/login", status_code=200)
async def login(request: JsonRequest, studio: StudioDependency, data: JSONBody[Credentials]) -> Response[SignedIn]:
    """Signs in. The token is for programs, the cookie for the browser."""
    visitor = await _visitor(request, studio)
    return await _with_cookies(request, studio, visitor, await studio.sign_in.with_password(data, visitor))


@post("/auth/link", status_code=200)
async def follow_link(request: JsonRequest, studio: StudioDependency, data: JSONBody[Link]) -> Response[SignedIn]:
    """Signs in with a one-time link that the studio has printed."""
    visitor = await _visitor(request, studio)
    return await _with_cookies(request, studio, visitor, await studio.sign_in_links.follow(data.token, visitor))


@post("/auth/logout", status_code=204)
async def logout(request: JsonRequest, studio: StudioDependency) -> Response[None]:
    """Ends this session and closes its sockets. It is no error to be signed out already."""
    if bearer_of(request.head) is None and request.sent_token is not None:
        check_own_page(request.head)
    with suppress(NotSignedIn):  # signed out already
        check_intended_user(intended_user_id(request.head), (await studio.sessions.identify(request.token)).user_id)
        await studio.sessions.end(request.token)
    return Response(None, status_code=204, cookies=expired_session_cookies(request, await studio.installation.name()))


@get("/me")
async def me(request: JsonRequest, studio: StudioDependency, caller: CurrentCaller) -> Response[Me]:
    """Returns your account, what you use, and your limits."""
    mine, name = await studio.profile.get(caller), await studio.installation.name()
    if not has_legacy_cookie(request, name):
        return Response(mine)
    return Response(mine, cookies=[session_cookie(request, name, request.token), *expired_legacy_cookies()])


@patch("/me")
async def change_me(
    request: JsonRequest, studio: StudioDependency, caller: CurrentCaller, data: JSONBody[AccountChange]
) -> Response[User]:
    """Changes your name, address or password; for the last two, send the old password if you have one. A new password
    ends all your other sessions."""
    changed = await studio.accounts.change(caller, data, token=request.token)
    if data.password is msgspec.UNSET:
        return Response(changed)
    visitor = await _visitor(request, studio)
    return Response(changed, cookies=[await _device_cookie(request, studio, visitor, caller)])


@post("/me/password", status_code=200)
async def change_password(
    request: JsonRequest, studio: StudioDependency, caller: CurrentCaller, data: JSONBody[NewPassword]
) -> Response[User]:
    """Changes your password; send the old one if you have one. It ends all your other sessions."""
    change = AccountChange(password=data.password, old_password=data.old_password)
    changed = await studio.accounts.change(caller, change, token=request.token)
    visitor = await _visitor(request, studio)
    return Response(changed, cookies=[await _device_cookie(request, studio, visitor, caller)])


@get("/sessions")
async def list_sessions(request: JsonRequest, studio: StudioDependency, caller: CurrentCaller) -> Page[SessionInfo]:
    """Returns where you are signed in, the latest first."""
    return await studio.sessions.list(caller, token=request.token)


@delete("/sessions/{id:str}")
async def end_session(studio: StudioDependency, caller: CurrentCaller, id: FromPath[str]) -> None:
    """Ends one of your sessions: its requests are refused at once, and its sockets are closed."""
    await studio.sessions.end_one(caller, id)


@delete("/sessions")
async def end_other_sessions(request: JsonRequest, studio: StudioDependency, caller: CurrentCaller) -> None:
    """Ends all your sessions but the one that asks, and all sign-in links. API keys stay."""
    await studio.sessions.end_others(caller, token=request.token)


@get("/events")
async def events(
    request: JsonRequest,
    studio: StudioDependency,
    caller: CurrentCaller,
    since: FromQuery[str | None] = None,
    type: FromQuery[str | None] = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    last_event_id: LastEventId = None,
) -> Response[Page[Happened]]:
    """Returns the events of your blobs, buckets and runs, oldest first. `since` is a cursor or a time, `type` one or
    more [filters](events.md#filters) with commas between them. With `Accept: text/event-stream` it is a stream of
    [server-sent events](events.md#server-sent-events) that goes on with what happens."""
    if not request.is_head and accepts_event_stream(request.headers.get("accept", "")):
        stream = await studio.event_streams.open(
            caller, request.token, since=cursor or since, last_id=last_event_id, type=type
        )
        return cast("Response[Page[Happened]]", Stream(stream, media_type=MEDIA_TYPE, headers=HEADERS))
    return Response(await studio.event_feed.list(caller, since=since, type=type, limit=limit, cursor=cursor))


async def _visitor(request: JsonRequest, studio: Studio) -> Visitor:
    """Returns what a request that is not authenticated tells of its sender."""
    devices = device_tokens_of(request, await studio.installation.name())
    address, agent = request.client.host if request.client else None, request.headers.get("user-agent")
    return Visitor(address=address, devices=devices, token=request.sent_token, agent=agent)


async def _with_cookies(
    request: JsonRequest, studio: Studio, visitor: Visitor, signed_in: SignedIn, *, status: int = 200
) -> Response[SignedIn]:
    """Returns the response with the cookies of the session and of the known device."""
    scope: dict[str, Any] = cast(Any, request.scope)
    scope[SIGNED_IN_USER] = signed_in.user.id
    session = session_cookie(request, await studio.installation.name(), signed_in.token)
    device = await _device_cookie(request, studio, visitor, Caller(user_id=signed_in.user.id))
    return Response(signed_in, status_code=status, cookies=[session, device])


async def _device_cookie(request: JsonRequest, studio: Studio, visitor: Visitor, caller: Caller) -> Cookie:
    return device_cookie(request, await studio.installation.name(), await studio.devices.create_cookie(caller, visitor))


session_routes: Final = [list_sessions, end_session, end_other_sessions]
routes: Final = [
    registration,
    register,
    login,
    follow_link,
    logout,
    me,
    change_me,
    change_password,
    *session_routes,
    events,
    *key_routes,
    *audit_routes,
]
