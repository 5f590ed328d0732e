"""The language model of a worker that has the SDK alone."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest

from reyna.domain.errors import Fault, Forbidden, Invalid
from reyna.ports.language import Completion, EndpointFault, Prompt
from reyna.sdk.language.endpoint import EndpointLanguage

PROMPT = Prompt(system="Be brief.", user="Tell.", max_tokens=20, stop=("END",))
WHOLE = {
    "model": "small",
    "choices": [{"message": {"content": "The ship."}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 11, "completion_tokens": 3},
}
Answers = Callable[[httpx.Request], httpx.Response]


def language(answer: Answers) -> EndpointLanguage:
    return EndpointLanguage("http://models.example/v1/", "key", "small", transport=httpx.MockTransport(answer))


def chunks(*texts: str, finish: bool = True) -> bytes:
    lines: list[Any] = [{"choices": [{"delta": {"content": text}}]} for text in texts]
    lines += [{"choices": [{"delta": {}, "finish_reason": "length"}]}] if finish else []
    lines += [{"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}] if finish else []
    return b"".join(b"data: " + msgspec.json.encode(line) + b"\n\n" for line in lines) + b": a comment\ndata: [DONE]\n"


async def test_an_answer_is_returned_with_its_tokens() -> None:
    requests = list[httpx.Request]()

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, json=WHOLE)

    made = await language(answer).complete(PROMPT)
    assert made == Completion(text="The ship.", model="small", input_tokens=11, output_tokens=3)
    (request,) = requests
    assert str(request.url) == "http://models.example/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer key"
    sent = msgspec.json.decode(request.content)
    assert (sent["model"], sent["max_tokens"], sent["stop"]) == ("small", 20, ["END"])
    assert [message["content"] for message in sent["messages"]] == ["Be brief.", "Tell."]


async def test_a_stream_yields_its_pieces_and_then_the_whole() -> None:
    pieces = [piece async for piece in read(lambda request: httpx.Response(200, content=chunks("The ", "ship.")))]
    assert pieces[:2] == ["The ", "ship."]
    assert pieces[2] == Completion(text="The ship.", model="small", input_tokens=7, output_tokens=2, finished=False)


async def test_tokens_that_are_not_counted_are_estimated() -> None:
    made = await language(lambda request: httpx.Response(200, json=WHOLE | {"usage": None})).complete(PROMPT)
    assert (made.counted, made.input_tokens, made.output_tokens) == (False, 4, 3)


async def test_a_stream_that_breaks_off_is_a_fault() -> None:
    with pytest.raises(Fault, match="broke off"):
        [piece async for piece in read(lambda request: httpx.Response(200, content=chunks("The ", finish=False)))]


async def test_an_endpoint_that_takes_no_schema_is_asked_without_one() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        takes = "response_format" not in msgspec.json.decode(request.content)
        return httpx.Response(200, json=WHOLE) if takes else httpx.Response(400, text="response_format: what is that?")

    with_schema = msgspec.structs.replace(PROMPT, schema={"type": "object"})
    assert (await language(answer).complete(with_schema)).text == "The ship."


@pytest.mark.parametrize(
    ("status", "kind"), [(429, EndpointFault), (500, EndpointFault), (401, Forbidden), (404, Invalid), (400, Invalid)]
)
async def test_what_the_endpoint_refuses_is_final_and_what_it_fails_at_is_not(status: int, kind: type) -> None:
    with pytest.raises(kind) as caught:
        await language(lambda request: httpx.Response(status, headers={"retry-after": "7"}, text="no")).complete(PROMPT)
    if isinstance(caught.value, EndpointFault):
        assert (caught.value.status, caught.value.retry_after) == (status, 7.0)


async def test_an_endpoint_that_is_gone_or_talks_nonsense_is_a_fault() -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody there")

    with pytest.raises(EndpointFault, match=r"models\.example cannot be reached"):
        await language(gone).complete(PROMPT)
    with pytest.raises(Fault, match="another shape"):
        await language(lambda request: httpx.Response(200, text="<html>")).complete(PROMPT)


async def read(answer: Answers) -> AsyncIterator[Any]:
    async for piece in language(answer).stream(PROMPT):
        yield piece
