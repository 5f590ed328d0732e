"""A language model at an OpenAI-compatible endpoint: what is sent, what is answered, and every error."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest

from reyna.adapters.openai.language import OpenAILanguage, is_strict
from reyna.domain.errors import Fault, Forbidden, Invalid, TimedOut, TooMuch, Unserved
from reyna.embedded.tcp_ports import free_port
from reyna.language.retries import MAX_PAUSE_SECONDS, RETRY_PAUSES_SECONDS, RetryingLanguage
from reyna.language.timeouts import LanguageTimeouts, TimedLanguage
from reyna.ports.language import Completion, Language, Prompt
from tests.support.language_endpoint import (
    Endpoint,
    error,
    hangs,
    hangs_up,
    says,
    says_bytes,
    streams,
    whole,
)

PROMPT = Prompt(system="You are a novelist.", user="Go on: The ship sailed.", max_tokens=50)


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
async def adapter(endpoint: Endpoint) -> AsyncIterator[OpenAILanguage]:
    adapter = OpenAILanguage(endpoint.url, "key-1", "m")
    yield adapter
    await adapter.close()


@pytest.fixture
def language(adapter: OpenAILanguage, clock: Clock) -> RetryingLanguage:
    return RetryingLanguage(adapter, sleep=clock.sleep)


async def collect(language: Language) -> tuple[list[str], Completion]:
    pieces = [piece async for piece in language.stream(PROMPT)]
    last = pieces.pop()
    assert isinstance(last, Completion)
    return [str(piece) for piece in pieces], last


async def test_an_answer_comes_with_what_it_cost(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [whole("Into the storm.")]
    answer = await language.complete(PROMPT)
    assert answer == Completion(text="Into the storm.", model="m-1", input_tokens=11, output_tokens=3)
    assert endpoint.keys == ["key-1"]
    assert endpoint.requests[0]["messages"][1] == {"role": "user", "content": PROMPT.user}
    assert endpoint.requests[0]["max_tokens"] == 50


async def test_an_answer_that_was_cut_says_so(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [whole("Into the", reason="length")]
    assert not (await language.complete(PROMPT)).finished


async def test_a_stream_gives_pieces_and_then_the_whole(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", "storm.")]
    pieces, last = await collect(language)
    assert pieces == ["Into ", "the ", "storm."]
    assert last == Completion(text="Into the storm.", model="m-1", input_tokens=11, output_tokens=3)


async def test_an_endpoint_that_counts_nothing_is_counted_for(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", "storm.", usage=False), whole("Into the storm.", usage=None)]
    _, last = await collect(language)
    assert last.output_tokens == 3
    assert last.input_tokens > 0
    assert (await language.complete(PROMPT)).output_tokens > 0


async def test_a_busy_endpoint_is_asked_again_when_it_says_so(
    endpoint: Endpoint, language: RetryingLanguage, clock: Clock
) -> None:
    endpoint.answers = [says(429, error("slow down"), Retry_After="7"), whole("Yes.")]
    assert (await language.complete(PROMPT)).text == "Yes."
    assert clock.slept == [7.0]


async def test_a_moment_is_counted_from_the_clock_of_the_endpoint_not_from_ours(
    endpoint: Endpoint, language: RetryingLanguage, clock: Clock
) -> None:
    date, then = "Mon, 01 Jan 2001 12:00:00 GMT", "Mon, 01 Jan 2001 12:00:09 GMT"
    endpoint.answers = [says(429, error("slow down"), Date=date, Retry_After=then), whole("Yes.")]
    assert (await language.complete(PROMPT)).text == "Yes."
    assert clock.slept == [9.0]


async def test_an_endpoint_that_wants_us_to_wait_too_long_is_left_to_another_attempt(
    endpoint: Endpoint, language: RetryingLanguage, clock: Clock
) -> None:
    endpoint.answers = [says(429, error("slow down"), Retry_After=str(MAX_PAUSE_SECONDS + 1))]
    with pytest.raises(Fault):
        await language.complete(PROMPT)
    assert clock.slept == []


async def test_an_endpoint_in_trouble_is_asked_four_times_in_all(
    endpoint: Endpoint, language: RetryingLanguage, clock: Clock
) -> None:
    endpoint.answers = [says(500, error("oops"))]
    with pytest.raises(Fault, match="500"):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == len(RETRY_PAUSES_SECONDS) + 1
    assert all(0.7 * wait < slept < 1.3 * wait for wait, slept in zip(RETRY_PAUSES_SECONDS, clock.slept, strict=True))


async def test_a_stream_that_could_not_begin_begins_again(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [says(503, error("loading")), streams("Yes.")]
    pieces, _ = await collect(language)
    assert pieces == ["Yes."]


async def test_a_stream_that_is_cut_in_the_middle_is_a_fault_and_is_not_begun_again(
    endpoint: Endpoint, language: RetryingLanguage
) -> None:
    endpoint.answers = [streams("Into ", end=False)]
    pieces: list[Any] = []
    with pytest.raises(Fault, match="broke off"):
        async for piece in language.stream(PROMPT):
            pieces.append(piece)  # noqa: PERF401 - what came before the cut counts
    assert pieces == ["Into "]
    assert len(endpoint.requests) == 1


async def test_a_web_page_in_the_place_of_an_answer_is_said_to_be_one(
    endpoint: Endpoint, language: RetryingLanguage
) -> None:
    endpoint.answers = [says_bytes(b"<html><body>Welcome</body></html>")]
    with pytest.raises(Fault, match="not as a language model does"):
        await collect(language)


async def test_a_wrong_key_is_refused_in_words_at_once(
    endpoint: Endpoint, language: RetryingLanguage, clock: Clock
) -> None:
    endpoint.answers = [says(401, error("bad key"))]
    with pytest.raises(Forbidden, match="REYNA_LLM_KEY"):
        await collect(language)
    assert clock.slept == []


async def test_an_unknown_model_is_refused_by_name(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [says(404, error("no such model"))]
    with pytest.raises(Invalid, match=r"'m'.*REYNA_LLM_MODEL"):
        await language.complete(PROMPT)


async def test_an_account_without_credit_is_refused(
    endpoint: Endpoint, language: RetryingLanguage, clock: Clock
) -> None:
    endpoint.answers = [says(429, error("pay", code="insufficient_quota"))]
    with pytest.raises(TooMuch, match="credit"):
        await language.complete(PROMPT)
    assert clock.slept == []


async def test_a_request_that_is_not_taken_is_refused_with_the_reason(
    endpoint: Endpoint, language: RetryingLanguage
) -> None:
    endpoint.answers = [says(400, error("the prompt is longer than max_tokens allow"))]
    with pytest.raises(Invalid, match="longer than"):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == 1


async def test_a_silent_endpoint_times_out(endpoint: Endpoint, adapter: OpenAILanguage, clock: Clock) -> None:
    endpoint.answers = [hangs]
    language = RetryingLanguage(TimedLanguage(adapter, LanguageTimeouts(whole=0.05)), sleep=clock.sleep)
    with pytest.raises(TimedOut):
        await language.complete(PROMPT)
    assert len(clock.slept) == len(RETRY_PAUSES_SECONDS)


async def test_a_stream_that_falls_silent_times_out(endpoint: Endpoint, adapter: OpenAILanguage) -> None:
    endpoint.answers = [streams("Into ", hold=True)]
    with pytest.raises(TimedOut, match="fell silent"):
        await collect(TimedLanguage(adapter, LanguageTimeouts(between_texts=0.05)))
    await endpoint.hung_up.first(1)


async def test_an_endpoint_that_is_not_there_is_unserved(clock: Clock) -> None:
    adapter = OpenAILanguage(f"http://127.0.0.1:{free_port()}/v1", "key", "m")
    with pytest.raises(Unserved, match="cannot be reached"):
        await RetryingLanguage(adapter, sleep=clock.sleep).complete(PROMPT)
    assert len(clock.slept) == len(RETRY_PAUSES_SECONDS)
    await adapter.close()


@pytest.mark.parametrize("answer", [says_bytes(b"\x00<html>"), says_bytes(b"[1]"), hangs_up, says(502, "bad gateway")])
async def test_garbage_and_silence_are_asked_again_and_then_a_fault(
    endpoint: Endpoint, language: RetryingLanguage, answer: Any
) -> None:
    endpoint.answers = [answer, whole("Yes.")]
    assert (await language.complete(PROMPT)).text == "Yes."
    endpoint.answers = [answer]
    with pytest.raises(Fault):
        await language.complete(PROMPT)


async def test_an_answer_that_is_awaited_no_more_is_no_longer_written(
    endpoint: Endpoint, language: RetryingLanguage
) -> None:
    endpoint.answers = [hangs]
    asking = asyncio.create_task(language.complete(PROMPT))
    await endpoint.asked.first(1)
    asking.cancel()
    await endpoint.hung_up.first(1)


async def test_a_redirect_is_not_followed(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [says(307, {}, Location="http://169.254.169.254/latest"), whole("Yes.")]
    with pytest.raises(Invalid, match="redirect"):
        await language.complete(PROMPT)
    assert len(endpoint.requests) == 1


async def test_a_key_that_the_endpoint_repeats_is_not_shown(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [says(400, error("the project of key-1 has no access"))]
    with pytest.raises(Invalid) as refused:
        await language.complete(PROMPT)
    assert "key-1" not in refused.value.detail


async def test_a_password_in_the_url_is_not_shown() -> None:
    adapter = OpenAILanguage(f"http://me:geheim@127.0.0.1:{free_port()}/v1", None, "m")
    with pytest.raises(Unserved) as away:
        await adapter.complete(PROMPT)
    assert "geheim" not in away.value.detail
    await adapter.close()


async def test_a_schema_is_sent_for_the_model_to_be_held_to(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [whole('{"a": 1}')]
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    await language.complete(Prompt(system="", user="", max_tokens=9, schema=schema))
    sent = endpoint.requests[0]["response_format"]
    assert sent == {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": False}}


async def test_an_endpoint_that_takes_no_schema_is_asked_without_one(
    endpoint: Endpoint, language: RetryingLanguage
) -> None:
    endpoint.answers = [says(400, error("Invalid schema for response_format 'answer'")), whole("{}")]
    await language.complete(Prompt(system="", user="", max_tokens=9, schema={"type": "object"}))
    assert "response_format" not in endpoint.requests[1]


def test_a_schema_is_strict_when_each_object_requires_all_that_it_allows() -> None:
    inner = {"type": "object", "properties": {"a": {}}, "required": ["a"], "additionalProperties": False}
    assert is_strict({"type": "array", "items": inner})
    assert not is_strict({"type": "array", "items": inner | {"required": []}})


async def test_a_field_that_an_endpoint_does_not_take_is_left_out_or_renamed_from_then_on(
    endpoint: Endpoint, language: RetryingLanguage
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


async def test_who_stops_listening_stops_the_model(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [streams("Into ", "the ", hold=True)]
    async with aclosing(language.stream(PROMPT)) as pieces:
        assert await anext(pieces) == "Into "
    await endpoint.hung_up.first(1)


async def test_something_that_is_no_answer_is_a_fault(endpoint: Endpoint, language: RetryingLanguage) -> None:
    endpoint.answers = [says(200, {"choices": []})]
    with pytest.raises(Fault):
        await language.complete(PROMPT)
