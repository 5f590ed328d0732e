"""`python -m bench.expansion`: the expansion of a note of 1,000 words, against a stand-in for a fast language model.

The stand-in is an OpenAI-compatible server in a process of its own that writes 100 tokens/s in each stream, the first
one after 0.3 s. The floor are the same answers, read side by side by a client that does nothing with them.
"""

import argparse
import asyncio
import multiprocessing
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any, Final

import msgspec
import uvloop

from reyna.adapters.openai.language import OpenAILanguage
from reyna.domain.caller import Caller
from reyna.domain.processing.prompts.prompt import KeptPrompts, NewPrompts
from reyna.domain.text.sentences import split_sentences
from reyna.domain.text.words import word_count
from reyna.library.text_expansion import text_expansion
from reyna.sdk.context import Context
from reyna.sdk.testing import a_blob

TOKENS_PER_SECOND: Final = 100.0  # of each stream
FIRST_TOKEN_SECONDS: Final = 0.3
CHARACTERS_PER_TOKEN: Final = 4
FILLING_SENTENCES: Final = 3  # behind each sentence of the note, which makes it four times as long
NOTE_WORDS: Final = 1_000
SYLLABLES: Final = ["ba", "de", "fo", "gu", "ki", "la", "mo", "ne", "pu", "ra", "so", "te", "vu", "wa", "ze"]
END_OF_PROMPT: Final = "The text:\n"
MAX_COMPLETE_SECONDS: Final = 3.0
MAX_FIRST_TEXT_SECONDS: Final = 1.0


def unique_sentence(number: int, words: int = 10) -> str:
    """Returns a sentence of its own in words of four to six letters, which are about one and a half tokens each."""
    letters = random.Random(number)
    found = ["".join(letters.choices(SYLLABLES, k=letters.randint(2, 3))) for _ in range(words)]
    return f"{' '.join(found).capitalize()}."


def a_note(words: int = NOTE_WORDS) -> str:
    """Returns a note of about so many words, in paragraphs of five sentences."""
    sentences = [unique_sentence(-1 - number) for number in range(words // 10)]
    return "\n\n".join(" ".join(sentences[at : at + 5]) for at in range(0, len(sentences), 5))


class StandInModel:
    """Answers each prompt with every sentence of its text, and three more behind each, at the speed of the model."""

    def __init__(self) -> None:
        self._number = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                )
                asked = msgspec.json.decode(await reader.readexactly(int(length)))
                await self._answer(writer, asked["messages"][-1]["content"])
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, prompt: str) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        began, text = time.perf_counter() + FIRST_TOKEN_SECONDS, self._text_for(prompt)
        for number, at in enumerate(range(0, len(text), CHARACTERS_PER_TOKEN)):
            await asyncio.sleep(began + number / TOKENS_PER_SECOND - time.perf_counter())
            _send(
                writer, {"delta": {"content": text[at : at + CHARACTERS_PER_TOKEN]}, "index": 0, "finish_reason": None}
            )
            await writer.drain()
        _send(writer, {"delta": {}, "index": 0, "finish_reason": "stop"})
        writer.write(b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n")
        await writer.drain()

    def _text_for(self, prompt: str) -> str:
        paragraphs = []
        for paragraph in prompt.rpartition(END_OF_PROMPT)[2].split("\n\n"):
            written = []
            for sentence in split_sentences(paragraph):
                filling = [unique_sentence(self._number + n) for n in range(FILLING_SENTENCES)]
                self._number += FILLING_SENTENCES
                written += [sentence, *filling]
            paragraphs.append(" ".join(written))
        return "\n\n".join(paragraphs)


def _send(writer: asyncio.StreamWriter, choice: dict[str, Any]) -> None:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "stand-in", "choices": [choice]}
    line = b"data: " + msgspec.json.encode(chunk) + b"\n\n"
    writer.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")


def _serve_until_killed(ready: Connection) -> None:
    async def main() -> None:
        server = await asyncio.start_server(StandInModel().serve, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(main())


@asynccontextmanager
async def stand_in_model() -> AsyncIterator[str]:
    """Yields the URL of the stand-in, which runs in a process of its own."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve_until_killed, args=(there,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{await asyncio.to_thread(here.recv)}/v1"
    finally:
        process.terminate()
        await asyncio.to_thread(process.join)


class Timing(msgspec.Struct, frozen=True):
    """The seconds of one expansion until its first text and until it was complete, with its words and its prompts."""

    first_text: float
    complete: float
    words: int
    prompts: list[str]


async def measure_expansion(language: OpenAILanguage, note: str) -> Timing:
    """Expands the note once, as a worker does. The first text is the first report of progress with one."""
    reports: list[tuple[float, str]] = []
    prompts: list[str] = []
    began = time.perf_counter()

    async def send_progress(fraction: float, text: str | None) -> None:
        if text:
            reports.append((time.perf_counter() - began, text))

    async def keep_prompts(new: NewPrompts) -> KeptPrompts:
        prompts.extend("".join(part.text for part in one.parts if part.role == "user") for one in new.prompts)
        return KeptPrompts(kept=len(new.prompts))

    context = Context(
        text_expansion.settings_from({}),
        language=language,
        caller=Caller(user_id="user-ana"),
        state=Elsewhere(),
        send_progress=send_progress,
        send_prompts=keep_prompts,
    )
    (output,) = await text_expansion.run(a_blob("text-input-v1", {"content": note}), context)
    complete = time.perf_counter() - began
    await context.end(send=True)
    return Timing(reports[0][0], complete, word_count(output.data["expanded"]), prompts)


class Elsewhere:
    """A state service without anything: the note of the benchmark stands in no bucket."""

    blobs: Any = None
    buckets: Any = None
    contents: Any = None
    files: Any = None
    search: Any = None


async def measure_floor(url: str, prompts: list[str]) -> float:
    """Returns the seconds in which a client reads the answers to these prompts side by side, and does nothing more."""
    began = time.perf_counter()
    await asyncio.gather(*(_read_answer(url, prompt) for prompt in prompts))
    return time.perf_counter() - began


async def _read_answer(url: str, prompt: str) -> None:
    port = int(url.rpartition(":")[2].partition("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    body = msgspec.json.encode({"messages": [{"role": "user", "content": prompt}]})
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    while b"[DONE]" not in await reader.read(1 << 16):
        pass
    writer.close()


async def main(rounds: int) -> None:
    note = a_note()
    async with stand_in_model() as url:
        language = OpenAILanguage(url, "key", "stand-in")
        await measure_expansion(language, a_note(60))  # connections and imports
        speed = f"{TOKENS_PER_SECOND:.0f} tokens/s per stream, {FIRST_TOKEN_SECONDS} s to the first"
        print(f"a note of {word_count(note):,} words; a model of {speed}")
        for _ in range(rounds):
            timing = await measure_expansion(language, note)
            under = await measure_floor(url, list(dict.fromkeys(timing.prompts)))
            print(
                f"first text {timing.first_text:5.2f} s (at most {MAX_FIRST_TEXT_SECONDS:.0f}), "
                f"complete {timing.complete:5.2f} s (at most {MAX_COMPLETE_SECONDS:.0f}) "
                f"with {timing.words:,} words in {len(set(timing.prompts))} prompts; the floor {under:5.2f} s"
            )
        await language.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    uvloop.run(main(parser.parse_args().rounds))
