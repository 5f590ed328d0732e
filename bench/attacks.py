"""Attacks on a studio of one's own, for `bench.soak`: each goes on until it is cancelled, and counts its answers."""

import asyncio
import base64
import os
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Final

import httpx
import msgspec

ANSWER_SECONDS: Final = 20.0  # for one answer
LARGE_BODY: Final = b"[" + b'"ab",' * 1_600_000 + b'"ab"]'  # 8 MB
EMPTY_OBJECTS: Final = b"[" + b"{}," * 2_600_000 + b"{}]"  # 8 MB
HEADER_LINE: Final = b"x-filler: " + b"a" * 1_000 + b"\r\n"
SLOW_CONNECTIONS: Final = 200
BYTE_PAUSE_SECONDS: Final = 0.5
PINGS: Final = 20_000  # of one connection
PING: Final = b"\x89\x80" + b"\0" * 4
UNREAD_NOTES: Final = 400
FIELDS: Final = [f"field-{number}" for number in range(40)]
BRANCHES: Final = [{"required": [field], "properties": {field: {"type": "string"}}} for field in FIELDS]
COSTLY: Final[dict[str, tuple[dict[str, Any], Any]]] = {
    "costly-names": ({"propertyNames": {"maxLength": 1}}, {f"key-{n:05}": n for n in range(5_000)}),
    "costly-branches": ({"type": "array", "items": {"anyOf": BRANCHES}}, [{"other": "x" * 20}] * 4_000),
    "costly-patterns": (
        {"patternProperties": {f"^(a|b{n})*c$": {"type": "integer"} for n in range(20)}},
        {"ab" * 500 + str(n): n for n in range(3_000)},
    ),
}


class Target(msgspec.Struct, frozen=True):
    """The studio to attack, and an account of the attacker's own there."""

    port: int
    token: str
    bucket_id: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"


Attack = Callable[[Target, Counter[str]], Awaitable[None]]


async def validate_costly_documents(target: Target, answers: Counter[str]) -> None:
    """A signed-in user validates small schemas against documents that break them in thousands of places."""
    async with _signed_in(target) as client:
        ids = {}
        for name, (schema, _) in COSTLY.items():
            compile_validator_off_loop = await client.post("/schemas", json={"name": name, "json_schema": schema})
            answers[f"register {compile_validator_off_loop.status_code}"] += 1
            if compile_validator_off_loop.status_code == 201:
                ids[name] = compile_validator_off_loop.json()["id"]
        while True:
            for name, id in ids.items():
                body = msgspec.json.encode({"data": COSTLY[name][1]})
                answers[str((await client.post(f"/schemas/{id}/validate", content=body)).status_code)] += 1
            await asyncio.sleep(0)


async def send_large_bodies(target: Target, answers: Counter[str]) -> None:
    """A client without an account sends 8 MB that are costly to parse, with and without a type, also cross-origin."""
    heads = [
        "",
        "content-type: application/json\r\n",
        "content-type: text/plain\r\norigin: https://elsewhere.example\r\n",
    ]
    number = 0
    while True:
        body, more = (LARGE_BODY, EMPTY_OBJECTS)[number % 2], heads[number % len(heads)]
        path = ("/api/blobs", "/api/auth/login", "/api/bulk", "/api/nowhere")[number % 4]
        head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{target.port}\r\n{more}content-length: {len(body)}\r\n\r\n"
        answers[await _status_of(target, head.encode(), body)] += 1
        number += 1


async def send_endless_headers(target: Target, answers: Counter[str]) -> None:
    """A request whose headers never end."""
    while True:
        answers[await _status_of(target, b"GET / HTTP/1.1\r\nhost: here\r\n", HEADER_LINE * 10_000)] += 1


async def hold_slow_headers(target: Target, answers: Counter[str]) -> None:
    """Many connections that send a byte now and then, and never a whole head."""

    async def one() -> None:
        while True:
            with _broken_off(answers):
                reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
                try:
                    for byte in b"GET / HTTP/1.1\r\nx-slow: " + b"a" * 10_000:
                        writer.write(bytes((byte,)))
                        await writer.drain()
                        await asyncio.sleep(BYTE_PAUSE_SECONDS)
                        if reader.at_eof() or writer.is_closing():
                            break
                finally:
                    writer.close()
                answers["closed"] += 1
            await asyncio.sleep(BYTE_PAUSE_SECONDS)

    async with asyncio.TaskGroup() as group:
        for _ in range(SLOW_CONNECTIONS):
            group.create_task(one())


async def guess_passwords(target: Target, answers: Counter[str]) -> None:
    """Wrong passwords for addresses that may or may not exist."""
    async with httpx.AsyncClient(base_url=target.url, timeout=ANSWER_SECONDS) as client:
        while True:
            guess = {"email": f"{os.urandom(4).hex()}@bench.example", "password": "wrong but long enough"}
            answers[str((await client.post("/auth/login", json=guess)).status_code)] += 1


async def ping_without_reading(target: Target, answers: Counter[str]) -> None:
    """A socket, signed in or not, that sends pings and reads no pong."""
    number = 0
    while True:
        number += 1
        with _broken_off(answers):
            writer = await _socket(target, signed_in=number % 2 == 0)
            try:
                for _ in range(PINGS // 100):
                    writer.write(PING * 100)
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await writer.drain()
            finally:
                writer.transport.abort()
            answers["sent"] += 1


async def never_read_events(target: Target, answers: Counter[str]) -> None:
    """A device that reads nothing, while another of the same user writes."""
    async with _signed_in(target) as client:
        while True:
            with _broken_off(answers):
                writer = await _socket(target, signed_in=True)
                writer.transport.pause_reading()  # type: ignore[attr-defined]  # of a socket, which this is
                note = {
                    "schema_id": "text-input-v1",
                    "data": {"content": "unread " * 50},
                    "bucket_ids": [target.bucket_id],
                }
                for _ in range(UNREAD_NOTES):
                    answers[str((await client.post("/blobs", json=note)).status_code)] += 1
                    await asyncio.sleep(0.05)
                writer.transport.abort()


async def begin_handshakes(target: Target, answers: Counter[str]) -> None:
    """Sockets that are opened and never sign in, and handshakes that never end."""
    held: list[asyncio.StreamWriter] = []
    while True:
        with _broken_off(answers):
            if len(held) % 2:
                held.append(await _socket(target, signed_in=False))
            else:
                _, writer = await asyncio.open_connection("127.0.0.1", target.port)
                writer.write(b"GET /ws HTTP/1.1\r\nupgrade: websocket\r\n")
                held.append(writer)
            answers["begun"] += 1
        if len(held) > SLOW_CONNECTIONS:
            held.pop(0).transport.abort()
        await asyncio.sleep(0.1)


ATTACKS: Final[dict[str, Attack]] = {
    attack.__name__: attack
    for attack in (
        validate_costly_documents,
        send_large_bodies,
        send_endless_headers,
        hold_slow_headers,
        guess_passwords,
        ping_without_reading,
        never_read_events,
        begin_handshakes,
    )
}


class _broken_off:  # noqa: N801 - reads as a sentence behind `with`
    """Counts an attempt that the studio cut off, and swallows it: being cut off is what attackers get."""

    def __init__(self, answers: Counter[str]) -> None:
        self._answers = answers

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, OSError | TimeoutError | asyncio.IncompleteReadError):
            self._answers["cut off"] += 1
            return True
        return False


def _signed_in(target: Target) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {target.token}", "content-type": "application/json"}
    return httpx.AsyncClient(base_url=target.url, headers=headers, timeout=ANSWER_SECONDS)


async def _status_of(target: Target, head: bytes, body: bytes) -> str:
    """Sends a request as fast as it is read. Returns the status of the answer, or `cut off` or `no answer`."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)

    async def send() -> None:
        writer.write(head)
        for start in range(0, len(body), 65_536):
            writer.write(body[start : start + 65_536])
            await writer.drain()

    sending = asyncio.create_task(send())
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            line = await reader.readline()
        return line.split(b" ", 2)[1].decode() if line.startswith(b"HTTP/") else "cut off"
    except TimeoutError:
        return "no answer"
    except OSError:
        return "cut off"
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def _socket(target: Target, *, signed_in: bool) -> asyncio.StreamWriter:
    """Returns a WebSocket whose handshake is done."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    key = base64.b64encode(os.urandom(16)).decode()
    token = f"Authorization: Bearer {target.token}\r\n" if signed_in else ""
    writer.write(
        f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{target.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{token}\r\n".encode()
    )
    async with asyncio.timeout(ANSWER_SECONDS):
        await reader.readuntil(b"\r\n\r\n")
    return writer
