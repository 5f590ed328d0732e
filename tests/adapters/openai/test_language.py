"""A language model behind an OpenAI-compatible endpoint, which may be slow, busy, broken, strict or gone."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Any

import pytest

from reyna.adapters.openai.language import MAX_PAUSE_SECONDS, RETRY_PAUSES_SECONDS, OpenAILanguage
from reyna.domain.errors import Fault, Forbidden, Invalid, TimedOut, TooMuch, Unserved
from reyna.embedded.tcp_ports import free_port
from reyna.ports.language import Completion, Prompt
from tests.support.collector import Collector

PROMPT = Prompt(system="You are a novelist.", user="Go on: The ship sailed.", max_tokens=50)
USAGE = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
Write = Callable[[bytes], None]
Answer = Callable[["Endpoint", Write], Coroutine[Any, Any, None]]


class Endpoint:
    """Answers each request with the next answer of its list, and with the last one from then on."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.hung_up = Collector[int]()
        self.stopping = asyncio.Event()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def stop(self) -> None:
        self.stopping.set()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            self.requests.append(json.loads(await reader.readexactly(length)))
            self.keys.append(head.split("authorization: bearer ")[1].split("\r\n")[0])
            answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
            gone = asyncio.create_task(reader.read())
            answering = asyncio.create_task(answer(self, writer.write))
            await asyncio.wait([gone, answering], return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.hung_up(1)
            for task in (gone, answering):
                task.cancel()
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone: what some tests are about
        finally:
            writer.close()


def says(status: int, body: Any, **headers: str) -> Answer:
    async def answer(endpoint: Endpoint, write: Write) -> None:
        content = json.dumps(body).encode()
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(content)}\r\n"
            f"connection: close\r\n{more}\r\n".encode()
            + content
        )

    return answer


def whole(text: str, *, usage: dict[str, int] | None = USAGE, reason: str = "stop") -> Answer:
    choice = {"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": text}}
    return says(200, {"id": "1", "object": "chat.completion", "created": 1, "model": "m-1", "choices": [choice]}
                | ({"usage": usage} if usage else {}))  # fmt: skip


def streams(*pieces: str, usage: bool = True, end: bool = True, hold: bool = False) -> Answer:
    """Each piece as a server-sent event; without `end` the line is cut, with `hold` it stays open and silent."""

    async def answer(endpoint: Endpoint, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m-1"}

        def event(**fields: Any) -> None:
            write(b"data: " + json.dumps(chunk | fields).encode() + b"\n\n")

        for piece in pieces:
            event(choices=[{"index": 0, "delta": {"content": piece}, "finish_reason": None}])
        if hold:
            await endpoint.stopping.wait()
        if end:
            event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
            if usage:
                event(choices=[], usage=USAGE)
            write(b"data: [DONE]\n\n")

    return answer


async def hangs(endpoint: Endpoint, write: Write) -> None:
    await endpoint.stopping.wait()


def error(message: str, *, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "x", "code": code, "param": param}}


class Clock:
    """Notes what would have been slept."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def language(endpoint: Endpoint, clock: Clock) -> AsyncIterator[OpenAILanguage]:
    language = OpenAILanguage(endpoint.url, "key-1", "m", sleep=clock.sleep)
    yield language
    await language.close()


async def collect(language: OpenAILanguage) -> tuple[list[str], Completion]:
    pieces = [piece async for piece in language.stream(PROMPT)]
    last = pieces.pop()
    assert isinstance(last, Completion)
    return [str(piece) for piece in pieces], last


async def test_an_answer_comes_with_what_it_cost(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [whole("Into the storm.")]
    answer = await language.complete(PROMPT)
    assert answer == Completion(text="Into the storm.", model="m-1", input_tokens=11, output_tokens=3)
    assert endpoint.keys == ["key-1"]
    assert endpoint.requests[0]["messages"][1] == {"role": "user", "content": PROMPT.user}
    assert endpoint.requests[0]["max_tokens"] == 50


async def test_an_answer_that_was_cut_says_so(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [whole("Into the", reason="length")]
    assert not (await language.complete(PROMPT)).finished


async def test_a_stream_gives_pieces_and_then_the_whole(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", "storm.")]
    pieces, last = await collect(language)
    assert pieces == ["Into ", "the ", "storm."]
    assert last == Completion(text="Into the storm.", model="m-1", input_tokens=11, output_tokens=3)


async def test_an_endpoint_that_counts_nothing_is_counted_for(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", "storm.", usage=False), whole("Into the storm.", usage=None)]
    _, last = await collect(language)
    assert last.output_tokens == 3
    assert last.input_tokens > 0
    assert (await language.complete(PROMPT)).output_tokens > 0


async def test_a_busy_endpoint_is_asked_again_when_it_says_so(
    endpoint: Endpoint, language: OpenAILanguage, clock: Clock
) -> None:
    endpoint.answers = [says(429, error("slow down"), Retry_After="7"), whole("Yes.")]
    assert (await language.complete(PROMPT)).text == "Yes."
    assert clock.slept == [7.0]


async def test_a_moment_is_counted_from_the_clock_of_the_endpoint_not_from_ours(
    endpoint: Endpoint, language: OpenAILanguage, clock: Clock
) -> None:
    date, then = "Mon, 01 Jan 2001 12:00:00 GMT", "Mon, 01 Jan 2001 12:00:09 GMT"
    endpoint.answers = [says(429, error("slow down"), Date=date, Retry_After=then), whole("Yes.")]
    assert (await language.complete(PROMPT)).text == "Yes."
    assert clock.slept == [9.0]


async def test_an_endpoint_that_wants_us_to_wait_too_long_is_left_to_another_attempt(
    endpoint: Endpoint, language: OpenAILanguage, clock: Clock
) -> None:
    endpoint.answers = [says(429, error("slow down"), Retry_After=str(MAX_PAUSE_SECONDS + 1))]
    with pytest.raises(Fault):
        await language.complete(PROMPT)
    assert clock.slept == []


async def test_an_endpoint_in_trouble_is_asked_four_times_in_all(
    endpoint: Endpoint, language: OpenAILanguage, clock: Clock
) -> None:
    endpoint.answers = [says(500, error("oops"))]
    with pytest.raises(Fault, match="500"):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == len(RETRY_PAUSES_SECONDS) + 1
    assert all(0.7 * wait < slept < 1.3 * wait for wait, slept in zip(RETRY_PAUSES_SECONDS, clock.slept, strict=True))


async def test_a_stream_that_could_not_begin_begins_again(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [says(503, error("loading")), streams("Yes.")]
    pieces, _ = await collect(language)
    assert pieces == ["Yes."]


async def test_a_stream_that_is_cut_in_the_middle_is_a_fault_and_is_not_begun_again(
    endpoint: Endpoint, language: OpenAILanguage
) -> None:
    endpoint.answers = [streams("Into ", end=False)]
    pieces: list[Any] = []
    with pytest.raises(Fault, match="broke off"):
        async for piece in language.stream(PROMPT):
            pieces.append(piece)  # noqa: PERF401 - what came before the cut counts
    assert pieces == ["Into "]
    assert len(endpoint.requests) == 1


async def test_a_wrong_key_is_refused_in_words_at_once(
    endpoint: Endpoint, language: OpenAILanguage, clock: Clock
) -> None:
    endpoint.answers = [says(401, error("bad key"))]
    with pytest.raises(Forbidden, match="REYNA_LLM_KEY"):
        await collect(language)
    assert clock.slept == []


async def test_an_unknown_model_is_refused_by_name(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [says(404, error("no such model"))]
    with pytest.raises(Invalid, match=r"'m'.*REYNA_LLM_MODEL"):
        await language.complete(PROMPT)


async def test_an_account_without_credit_is_refused(endpoint: Endpoint, language: OpenAILanguage, clock: Clock) -> None:
    endpoint.answers = [says(429, error("pay", code="insufficient_quota"))]
    with pytest.raises(TooMuch, match="credit"):
        await language.complete(PROMPT)
    assert clock.slept == []


async def test_a_request_that_is_not_taken_is_refused_with_the_reason(
    endpoint: Endpoint, language: OpenAILanguage
) -> None:
    endpoint.answers = [says(400, error("the prompt is longer than max_tokens allow"))]
    with pytest.raises(Invalid, match="longer than"):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == 1


async def test_a_silent_endpoint_times_out(endpoint: Endpoint, clock: Clock) -> None:
    endpoint.answers = [hangs]
    language = OpenAILanguage(endpoint.url, None, "m", timeout=0.05, sleep=clock.sleep)
    with pytest.raises(TimedOut):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == len(RETRY_PAUSES_SECONDS) + 1
    await language.close()


async def test_a_stream_that_falls_silent_times_out(endpoint: Endpoint, clock: Clock) -> None:
    endpoint.answers = [streams("Into ", hold=True)]
    language = OpenAILanguage(endpoint.url, None, "m", timeout=0.2, sleep=clock.sleep)
    with pytest.raises(TimedOut):
        await collect(language)
    await language.close()


async def test_an_endpoint_that_is_not_there_is_unserved(clock: Clock) -> None:
    language = OpenAILanguage(f"http://127.0.0.1:{free_port()}/v1", "key", "m", sleep=clock.sleep)
    with pytest.raises(Unserved, match="cannot be reached"):
        await language.complete(PROMPT)
    assert len(clock.slept) == len(RETRY_PAUSES_SECONDS)
    await language.close()


async def test_a_field_that_an_endpoint_does_not_take_is_left_out_or_renamed_from_then_on(
    endpoint: Endpoint, language: OpenAILanguage
) -> None:
    endpoint.answers = [
        says(400, error("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", param="max_tokens")),
        says(400, error("Unsupported value: 'temperature' does not support 0.7.", param="temperature")),
        whole("Yes."),
    ]
    assert (await language.complete(PROMPT)).text == "Yes."
    await language.complete(PROMPT)
    for request in endpoint.requests[2:]:
        assert request["max_completion_tokens"] == 50
        assert not {"max_tokens", "temperature"} & request.keys()
    assert len(endpoint.requests) == 4


async def test_who_stops_listening_stops_the_model(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", hold=True)]
    async with aclosing(language.stream(PROMPT)) as pieces:
        assert await anext(pieces) == "Into "
    await endpoint.hung_up.first(1)


async def test_no_more_answers_are_written_at_once_than_the_endpoint_can(endpoint: Endpoint, clock: Clock) -> None:
    endpoint.answers = [streams("Into ", hold=True), streams("Yes.")]
    language = OpenAILanguage(endpoint.url, "key", "m", max_concurrent=1, sleep=clock.sleep)
    async with aclosing(language.stream(PROMPT)) as first:
        await anext(first)
        second = asyncio.create_task(collect(language))
        await asyncio.wait([second], timeout=0)
        assert len(endpoint.requests) == 1
    pieces, _ = await second
    assert pieces == ["Yes."]
    await language.close()


async def test_something_that_is_no_answer_is_a_fault(endpoint: Endpoint, language: OpenAILanguage) -> None:
    endpoint.answers = [says(200, {"choices": []})]
    with pytest.raises(Fault):
        await language.complete(PROMPT)
