"""A language model behind Anthropic's Messages API: what is sent, what is answered, and every error."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from reyna.adapters.anthropic.language import AnthropicLanguage
from reyna.domain.errors import Fault, Forbidden, Invalid, TooMuch
from reyna.ports.language import Completion, EndpointFault, Prompt
from tests.support.language_endpoint import Answer, Endpoint, Write, hangs, hangs_up, says, says_bytes

PROMPT = Prompt(system="You are a novelist.", user="Go on.", max_tokens=50, stop=("END",))
USAGE = {"input_tokens": 5, "output_tokens": 1, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7}
EXPECTED = Completion(text="Into the storm.", model="claude-1", input_tokens=112, output_tokens=3, cached_tokens=100)


def message(text: str, *, stop_reason: str | None = "end_turn", output_tokens: int = 1) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-1",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "usage": USAGE | {"output_tokens": output_tokens},
    }


def whole(text: str, **facts: Any) -> Answer:
    return says(200, message(text, output_tokens=3, **facts))


def streams(*pieces: str, end: bool = True, hold: bool = False, fails: bool = False) -> Answer:
    async def answer(endpoint: Endpoint, write: Write) -> None:
        write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")

        def event(type: str, **facts: Any) -> None:
            write(f"event: {type}\ndata: {json.dumps({'type': type} | facts)}\n\n".encode())

        event("message_start", message=message("", stop_reason=None))
        event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        event("ping")
        for piece in pieces:
            event("content_block_delta", index=0, delta={"type": "text_delta", "text": piece})
        if fails:
            event("error", error={"type": "overloaded_error", "message": "Overloaded"})
        if hold:
            await endpoint.stopping.wait()
        if end:
            event("content_block_stop", index=0)
            event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 3})
            event("message_stop")

    return answer


def error(type: str, text: str = "no") -> dict[str, Any]:
    return {"type": "error", "error": {"type": type, "message": text}}


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    endpoint = Endpoint()
    await endpoint.start()
    yield endpoint
    await endpoint.stop()


@pytest.fixture
async def language(endpoint: Endpoint) -> AsyncIterator[AnthropicLanguage]:
    language = AnthropicLanguage(endpoint.url.removesuffix("/v1"), "key-1", "claude")
    yield language
    await language.close()


async def test_an_answer_comes_with_its_tokens_and_those_of_the_cache(
    endpoint: Endpoint, language: AnthropicLanguage
) -> None:
    endpoint.answers = [whole("Into the storm.")]
    assert await language.complete(PROMPT) == EXPECTED
    (sent,) = endpoint.requests
    assert endpoint.keys == ["key-1"]
    assert sent["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert (sent["max_tokens"], sent["stop_sequences"]) == (50, ["END"])


async def test_a_stream_gives_pieces_and_then_the_whole(endpoint: Endpoint, language: AnthropicLanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", "storm.")]
    assert [piece async for piece in language.stream(PROMPT)] == ["Into ", "the ", "storm.", EXPECTED]


@pytest.mark.parametrize("answer", [streams("Into ", end=False), streams("Into ", end=False, fails=True)])
async def test_a_stream_that_breaks_off_is_a_fault(
    endpoint: Endpoint, language: AnthropicLanguage, answer: Answer
) -> None:
    endpoint.answers = [answer]
    with pytest.raises(Fault, match="broke off"):
        async for _ in language.stream(PROMPT):
            pass


async def test_who_stops_listening_stops_the_model(endpoint: Endpoint, language: AnthropicLanguage) -> None:
    endpoint.answers = [streams("Into ", hold=True)]
    async with aclosing(language.stream(PROMPT)) as pieces:
        assert await anext(pieces) == "Into "
    await endpoint.hung_up.first(1)


async def test_an_answer_that_is_awaited_no_more_is_no_longer_written(
    endpoint: Endpoint, language: AnthropicLanguage
) -> None:
    endpoint.answers = [hangs]
    asking = asyncio.create_task(language.complete(PROMPT))
    await endpoint.asked.first(1)
    asking.cancel()
    await endpoint.hung_up.first(1)


async def test_a_schema_is_sent_and_left_out_where_the_model_takes_none(
    endpoint: Endpoint, language: AnthropicLanguage
) -> None:
    endpoint.answers = [
        says(400, error("invalid_request_error", "output_config.format: not supported")),
        whole("{}"),
    ]
    await language.complete(Prompt(system="", user="x", max_tokens=9, schema={"type": "object"}))
    assert endpoint.requests[0]["output_config"]["format"]["schema"] == {"type": "object"}
    assert "output_config" not in endpoint.requests[1]
    assert "system" not in endpoint.requests[0]


@pytest.mark.parametrize(
    ("answer", "refusal", "words"),
    [
        (says(401, error("authentication_error")), Forbidden, "key"),
        (says(404, error("not_found_error")), Invalid, "'claude'"),
        (says(400, error("invalid_request_error", "Your credit balance is too low")), TooMuch, "credit"),
        (says(400, error("invalid_request_error", "prompt of key-1 is too long")), Invalid, "prompt of … is too long"),
        (says(307, {}, Location="http://169.254.169.254/"), Invalid, "redirect"),
        (whole("", stop_reason="refusal"), Invalid, "declined"),
    ],
)
async def test_what_trying_again_does_not_help_is_refused_in_words(
    endpoint: Endpoint, language: AnthropicLanguage, answer: Answer, refusal: type[Exception], words: str
) -> None:
    endpoint.answers = [answer]
    with pytest.raises(refusal, match=words):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("answer", [says_bytes(b"<html>"), says_bytes(b"[1]"), says_bytes(b"{}"), hangs_up])
async def test_garbage_is_a_fault(endpoint: Endpoint, language: AnthropicLanguage, answer: Answer) -> None:
    endpoint.answers = [answer]
    with pytest.raises(Fault):
        await language.complete(PROMPT)


async def test_a_busy_endpoint_says_when_to_come_again(endpoint: Endpoint, language: AnthropicLanguage) -> None:
    endpoint.answers = [says(429, error("rate_limit_error"), Retry_After="7")]
    with pytest.raises(EndpointFault) as busy:
        await language.complete(PROMPT)
    assert (busy.value.status, busy.value.retry_after) == (429, 7.0)
