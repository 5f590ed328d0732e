"""People at their devices: a REST client and a WebSocket client with the words that a test uses."""

import asyncio
from collections.abc import Callable, Iterable
from itertools import count
from typing import Any, Final

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Frame = dict[str, Any]
LONGEST: Final = 60.0  # seconds before a test gives up on what never comes; a busy machine is no failure
NOTE: Final = "text-input-v1"
PASSWORD: Final = "a long enough password"


class Lost(ConnectionError):
    """The line was closed, with this code, while something was expected from it."""

    def __init__(self, code: int, reason: str) -> None:
        self.code, self.reason = code, reason
        super().__init__(f"{code} {reason}")


class Device:
    """One WebSocket of one person: `ask` gives the answer, everything else that is said waits in `events`."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.events: asyncio.Queue[Frame] = asyncio.Queue()
        self.hello: Frame = {}
        self._numbers = count(1)
        self._asked: dict[str, asyncio.Future[Frame]] = {}
        self.lost: asyncio.Future[Lost] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, url: str, token: str | None = None, **headers: str) -> "Device":
        """A line that is open, and not greeted yet."""
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        line = await connect(url, additional_headers=bearer | headers, proxy=None, max_size=None, open_timeout=LONGEST)
        return cls(line)

    async def greeted(self) -> "Device":
        """Returns when the house has said hello. Raises Lost when it closes instead."""
        self.hello = (await self.until(lambda frame: frame["type"] == "hello"))[-1]
        return self

    async def ask(self, action: str, **fields: Any) -> Frame:
        """What the house answers, `ok` or `error`; to `resume` also `resumed` or `reset`."""
        request_id = f"request-{next(self._numbers)}"
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[request_id] = answer
        await self.say(msgspec.json.encode({"action": action, "request_id": request_id} | fields).decode())
        async with asyncio.timeout(LONGEST):
            return await answer

    async def do(self, action: str, **fields: Any) -> Frame:
        """As `ask`, where anything but yes is a failure of the test."""
        answer = await self.ask(action, **fields)
        assert answer["type"] == "ok", answer
        return answer

    async def write(self, content: str, **fields: Any) -> Frame:
        """A new note; the blob as it was answered."""
        answer = await self.do("create_blob", schema_id=NOTE, data={"content": content}, **fields)
        blob: Frame = answer["blob"]
        return blob

    async def say(self, text: str | bytes) -> None:
        try:
            await self.line.send(text)
        except ConnectionClosed:
            raise await self.lost from None

    async def until(self, wanted: Callable[[Frame], bool]) -> list[Frame]:
        """Everything that is said from where the last `until` ended, up to the first frame that is wanted."""
        heard: list[Frame] = []
        try:
            async with asyncio.timeout(LONGEST):
                while True:
                    frame = await self.events.get()
                    heard.append(frame)
                    if wanted(frame):
                        return heard
                    if frame["type"] == "lost":
                        raise await self.lost
        except TimeoutError:
            raise AssertionError(f"it never came; what came was {[_short(frame) for frame in heard]}") from None

    async def hears(self, type: str, **facts: Any) -> Frame:
        """The first frame of this type with these facts, from where the last `until` ended."""
        return (await self.until(lambda frame: is_about(frame, type, **facts)))[-1]

    async def hears_all(self, blob_ids: Iterable[str], type: str = "blob.created") -> list[Frame]:
        """Returns when there was a frame of this type about each of these blobs; everything heard until then."""
        missing, heard = set(blob_ids), []
        while missing:
            frame = (await self.until(lambda frame: True))[-1]
            if frame["type"] == "lost":
                raise await self.lost
            heard.append(frame)
            if frame["type"] == type:
                missing.discard(frame["blob_id"])
        return heard

    async def closed(self) -> int:
        """The code with which the house closes the line."""
        async with asyncio.timeout(LONGEST):
            return (await asyncio.shield(self.lost)).code

    async def close(self) -> None:
        await self.line.close()
        await self._reading

    async def _read(self) -> None:
        try:
            async for text in self.line:
                self._heard(msgspec.json.decode(text))
        except ConnectionClosed:
            pass  # said below, as every end of the line is
        self._end(Lost(self.line.close_code or 1006, self.line.close_reason or ""))

    def _heard(self, frame: Frame) -> None:
        asked = self._asked.pop(str(frame.get("request_id")), None)
        if asked is not None and not asked.done():
            asked.set_result(frame)
        if asked is None or frame["type"] in ("resumed", "reset"):  # these have a place among the events
            self.events.put_nowait(frame)

    def _end(self, lost: Lost) -> None:
        self.lost.set_result(lost)
        self.events.put_nowait({"type": "lost"})
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(lost)
                asked.exception()  # whoever waits sees it; nobody waiting is no second error


class Person:
    """Somebody with an account: what they do over REST, and the devices they open."""

    def __init__(self, address: str, id: str, token: str, email: str) -> None:
        self.address, self.id, self.token, self.email = address, id, token, email
        self.rest = rest(f"{address}/api", token)
        self._devices: list[Device] = []

    @classmethod
    async def register(cls, address: str, email: str, *, expands: bool = False) -> "Person":
        """A new account; with `expands` its text expansion is left switched on."""
        async with rest(f"{address}/api") as anybody:
            new = {"email": email, "password": PASSWORD, "name": email.partition("@")[0].capitalize()}
            signed_in = of(await anybody.post("/auth/register", json=new))
        person = cls(address, signed_in["user"]["id"], signed_in["token"], email)
        if not expands:
            for instance in (await person.get("/instances"))["items"]:
                of(await person.rest.patch(f"/instances/{instance['id']}", json={"enabled": False}))
        return person

    async def sign_in(self) -> "Person":
        """The same person once more, in a session of their own."""
        async with rest(f"{self.address}/api") as anybody:
            credentials = {"email": self.email, "password": PASSWORD}
            signed_in = of(await anybody.post("/auth/login", json=credentials))
        return Person(self.address, self.id, signed_in["token"], self.email)

    async def device(self) -> Device:
        """A WebSocket that was greeted."""
        device = await Device.open(socket_of(self.address), self.token)
        self._devices.append(device)
        return await device.greeted()

    async def get(self, path: str, **query: Any) -> Any:
        return of(await self.rest.get(path, params=query))

    async def post(self, path: str, body: Any = None) -> Any:
        return of(await self.rest.post(path, json=body))

    async def all(self, path: str, **query: Any) -> list[Any]:
        """Every item of a list, however many pages it has."""
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
    return httpx.AsyncClient(base_url=address, headers=bearer, trust_env=False, timeout=LONGEST)


def socket_of(address: str) -> str:
    return f"{address.replace('http', 'ws', 1)}/ws"


def of(response: httpx.Response) -> Any:
    """What was answered, where anything but yes is a failure of the test."""
    assert response.is_success, f"{response.request.method} {response.request.url}: {response.text}"
    return response.json() if response.content else None


def is_about(frame: Frame, type: str, **facts: Any) -> bool:
    return frame["type"] == type and all(frame.get(name) == fact for name, fact in facts.items())


def place(cursor: str) -> int:
    """The place in the stream that a cursor stands for."""
    return int(cursor.rpartition("-")[2])


def _short(frame: Frame) -> str:
    return f"{frame['type']} {frame.get('blob_id') or frame.get('run_id') or frame.get('detail') or ''}".strip()
