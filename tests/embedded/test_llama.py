"""The embedded language model writes, streams, and asks for its key."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from openai import AsyncOpenAI, AuthenticationError

from reyna.domain.errors import CannotStart
from reyna.embedded.home import Home
from reyna.embedded.llama import CONTEXT_TOKENS, SLOTS, Llama


def ask(server: Llama, key: str | None = None) -> AsyncOpenAI:
    return AsyncOpenAI(base_url=server.url, api_key=key or server.key, max_retries=0)


async def test_it_writes_text(llama_server: Llama) -> None:
    async with ask(llama_server) as model:
        answer = await model.chat.completions.create(
            model=llama_server.model,
            messages=[{"role": "user", "content": "What is the capital of France? Answer in one word."}],
            max_tokens=8,
            temperature=0,
        )
    assert "Paris" in (answer.choices[0].message.content or "")
    assert answer.usage
    assert (answer.model, answer.usage.completion_tokens > 0) == (llama_server.model, True)


async def test_it_streams_piece_by_piece(llama_server: Llama) -> None:
    async with ask(llama_server) as model:
        stream = await model.chat.completions.create(
            model=llama_server.model,
            messages=[{"role": "user", "content": "Count from one to five."}],
            max_tokens=12,
            stream=True,
        )
        pieces = [chunk.choices[0].delta.content async for chunk in stream if chunk.choices]
    assert len([piece for piece in pieces if piece]) > 3


async def test_several_are_answered_at_once_and_each_may_be_long(llama_server: Llama) -> None:
    async with ask(llama_server) as model:
        several = await asyncio.gather(
            *(
                model.completions.create(model=llama_server.model, prompt=f"{number} ships", max_tokens=2)
                for number in range(SLOTS)
            )
        )
        props = await model.get("../props", cast_to=dict[str, Any])
    assert len([answer for answer in several if answer.choices[0].text]) == SLOTS
    assert (props["total_slots"], props["default_generation_settings"]["n_ctx"]) == (SLOTS, CONTEXT_TOKENS)
    assert CONTEXT_TOKENS >= 2048


async def test_nobody_without_the_key_gets_in(llama_server: Llama) -> None:
    async with ask(llama_server, "guessed") as model:
        with pytest.raises(AuthenticationError):
            await model.chat.completions.create(model=llama_server.model, messages=[{"role": "user", "content": "Hi"}])


def test_a_model_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match=r"no language model at /nowhere/large\.gguf"):
        Llama(Home(tmp_path / "home"), "/nowhere/large.gguf")
