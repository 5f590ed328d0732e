"""Users and their devices: a REST client and a WebSocket client for journeys."""

import asyncio
import ssl
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
TIMEOUT_SECONDS: Final = 120.0  # seconds before a test gives up on what never comes; a busy machine is no failure
NOTE: Final = "text-input-v1"
PASSWORD: Final = "a long enough password"
NO_CERTIFICATES: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # all is HTTP, and to read those takes 40 ms of CPU


class ConnectionLost(ConnectionError):
    """The connection was closed with this code while a test waited for a frame."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code} {reason}")


class Device:
    """One WebSocket of one person: `request` returns the answer, all other frames wait in `events`."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.events: asyncio.Queue[Frame] = asyncio.Queue()
        self.hello: Frame = {}
        self._numbers = count(1)
        self._pending: dict[str, asyncio.Future[Frame]] = {}
        self.lost: asyncio.Future[ConnectionLost] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str, token: str | None = None, **headers: str) -> "Device":
        """Returns a device that is connected, before its hello."""
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        connection = await connect(
            url, additional_headers=bearer | headers, proxy=None, max_size=None, open_timeout=TIMEOUT_SECONDS
        )
        return cls(connection)

    async def wait_for_hello(self) -> "Device":
        """Returns the device when its hello has arrived. Raises ConnectionLost when the server closes instead."""
        self.hello = (await self.receive_until(lambda frame: frame["type"] == "hello"))[-1]
        return self

    async def request(self, action: str, **fields: Any) -> Frame:
        """Sends an action and returns the answer, `ok` or `error`; to `resume` also `resumed` or `reset`."""
        request_id = f"request-{next(self._numbers)}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pending[request_id] = answer
        await self.send_text(msgspec.json.encode({"action": action, "request_id": request_id} | fields).decode())
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return await answer

    async def do(self, action: str, **fields: Any) -> Frame:
        """Sends an action and returns the answer, which must be `ok`."""
        answer = await self.request(action, **fields)
        assert answer["type"] == "ok", answer
        return answer

    async def write_note(self, content: str, **fields: Any) -> Frame:
        """Creates a note and returns its blob."""
        answer = await self.do("create_blob", schema_id=NOTE, data={"content": content}, **fields)
        blob: Frame = answer["blob"]
        return blob

    async def send_text(self, text: str | bytes) -> None:
        try:
            await self.connection.send(text)
        except ConnectionClosed:
            raise await self.lost from None

    async def receive_until(self, wanted: Callable[[Frame], bool]) -> list[Frame]:
        """Returns the frames since the last call, up to the first one that is wanted."""
        frames: list[Frame] = []
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while True:
                    frame = await self.events.get()
                    frames.append(frame)
                    if wanted(frame):
                        return frames
                    if frame["type"] == "lost":
                        raise await self.lost
        except TimeoutError:
            raise AssertionError(f"it never came; what came was {[_short(frame) for frame in frames]}") from None

    async def wait_for(self, type: str, **facts: Any) -> Frame:
        """Returns the first frame of this type with these facts since the last call."""
        return (await self.receive_until(lambda frame: is_about(frame, type, **facts)))[-1]

    async def wait_for_all(self, blob_ids: Iterable[str], type: str = "blob.created") -> list[Frame]:
        """Returns the frames until there was one of this type about each of these blobs."""
        missing, frames = set(blob_ids), []
        while missing:
            frame = (await self.receive_until(lambda frame: True))[-1]
            if frame["type"] == "lost":
                raise await self.lost
            frames.append(frame)
            if frame["type"] == type:
                missing.discard(frame["blob_id"])
        return frames

    async def wait_closed(self) -> int:
        """Returns the code with which the application closes the connection."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            return (await asyncio.shield(self.lost)).code

    async def close(self) -> None:
        if not self.lost.done():  # `websockets` breaks when it is to abort a transport that is closed already
            await self.connection.close()
        await self._reading

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                self._receive(msgspec.json.decode(text))
        except ConnectionClosed:
            pass  # reported below, as every end of a connection is
        self._end(ConnectionLost(self.connection.close_code or 1006, self.connection.close_reason or ""))

    def _receive(self, frame: Frame) -> None:
        pending = self._pending.pop(str(frame.get("request_id")), None)
        if pending is not None and not pending.done():
            pending.set_result(frame)
        if pending is None or frame["type"] in ("resumed", "reset"):  # these have a place among the events
            self.events.put_nowait(frame)

    def _end(self, lost: ConnectionLost) -> None:
        self.lost.set_result(lost)
        self.events.put_nowait({"type": "lost"})
        for pending in self._pending.values():
            if not pending.done():
                pending.set_exception(lost)
                pending.exception()  # retrieved, so that it is no error when nobody waits for it


class Person:
    """A user: requests over REST, and devices."""

    def __init__(self, address: str, id: str, token: str, email: str) -> None:
        self.address, self.id, self.token, self.email = address, id, token, email
        self.rest = rest(f"{address}/api", token)
        self._devices: list[Device] = []

    @classmethod
    async def register(cls, address: str, email: str, *, expands: bool | None = False) -> "Person":
        """Registers a new user whose text expansion is switched on, off, or for None as it is for newcomers."""
        async with rest(f"{address}/api") as anybody:
            new = {"email": email, "password": PASSWORD, "name": email.partition("@")[0].capitalize()}
            signed_in = body_of(await anybody.post("/auth/register", json=new))
        person = cls(address, signed_in["user"]["id"], signed_in["token"], email)
        instances = (await person.get("/instances"))["items"]
        if expands and not instances:  # with the demonstration model alone, nothing is switched on
            await person.post("/instances", {"processor_id": "text-expansion"})
        if expands is False:
            for instance in instances:
                body_of(await person.rest.patch(f"/instances/{instance['id']}", json={"enabled": False}))
        return person

    async def sign_in(self) -> "Person":
        """Returns the same person in another session."""
        async with rest(f"{self.address}/api") as anybody:
            credentials = {"email": self.email, "password": PASSWORD}
            signed_in = body_of(await anybody.post("/auth/login", json=credentials))
        return Person(self.address, self.id, signed_in["token"], self.email)

    async def device(self) -> Device:
        """Opens a device that receives live events from now on, since its first message was answered."""
        device = await Device.open(socket_of(self.address), self.token)
        self._devices.append(device)
        await device.wait_for_hello()
        await device.do("ping")
        return device

    async def device_resuming_at(self, cursor: str) -> Device:
        """Opens a device that resumes at a cursor in its URL; no frame has been read yet."""
        device = await Device.open(f"{socket_of(self.address)}?cursor={cursor}", self.token)
        self._devices.append(device)
        return device

    async def get(self, path: str, **query: Any) -> Any:
        return body_of(await self.rest.get(path, params=query))

    async def post(self, path: str, body: Any = None) -> Any:
        return body_of(await self.rest.post(path, json=body))

    async def all(self, path: str, **query: Any) -> list[Any]:
        """Returns every item of a list, page by page."""
        items: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(path, limit=200, **query, **cursor)
            items += page["items"]
            if page["next_cursor"] is None:
                return items
            cursor = {"cursor": page["next_cursor"]}

    async def leave(self) -> None:
        for device in self._devices:
            await device.close()
        await self.rest.aclose()


def rest(address: str, token: str | None = None) -> httpx.AsyncClient:
    bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(
        base_url=address, headers=bearer, trust_env=False, verify=NO_CERTIFICATES, timeout=TIMEOUT_SECONDS
    )


def socket_of(address: str) -> str:
    return f"{address.replace('http', 'ws', 1)}/ws"


def body_of(response: httpx.Response) -> Any:
    """Returns the decoded body of a response, which must be a success."""
    assert response.is_success, f"{response.request.method} {response.request.url}: {response.text}"
    return response.json() if response.content else None


def is_about(frame: Frame, type: str, **facts: Any) -> bool:
    return frame["type"] == type and all(frame.get(name) == fact for name, fact in facts.items())


def sequence_of(cursor: str) -> int:
    """Returns the sequence in the stream EVENTS that a cursor stands for."""
    return int(cursor.rpartition("-")[2])


def _short(frame: Frame) -> str:
    return f"{frame['type']} {frame.get('blob_id') or frame.get('run_id') or frame.get('detail') or ''}".strip()
