"""A stand-in for the endpoint of a large language model, which tells every text anew, four times as long."""

import asyncio
import json
import random
from typing import Any, Final

from reyna.domain.text.sentences import split_sentences
from reyna.domain.text.words import word_count

END_OF_INSTRUCTIONS: Final = "The text:\n"
ADDED_SENTENCES: Final = 3  # behind each sentence of the text
PIECE_SECONDS: Final = 0.02  # of a word: an answer takes about a second
JSON_HEAD: Final = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n"
STREAM_HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
MODELS: Final = {"object": "list", "data": [{"id": "prose-1", "object": "model", "created": 1, "owned_by": "tests"}]}
BEGINNINGS: Final = ("Beyond", "Under", "Behind", "Beside", "Above", "Along", "Within", "Around", "Past", "Across")
THINGS: Final = (
    *("harbour", "garden", "window", "corridor", "mountain", "valley", "river", "orchard", "kitchen", "staircase"),
    *("meadow", "market", "chimney", "bridge", "library", "workshop", "forest", "shore", "square", "cellar"),
)
QUALITIES: Final = ("quiet", "narrow", "distant", "familiar", "dusty", "bright", "crooked", "empty", "patient", "cold")
ACTS: Final = (
    "waited",
    "glittered",
    "trembled",
    "rested",
    "whispered",
    "faded",
    "returned",
    "gathered",
    "slept",
    "rose",
)


class ProseEndpoint:
    """An OpenAI-compatible server whose streamed answers come word by word."""

    key, model = "prose-key", "prose-1"

    def __init__(self) -> None:
        self._random = random.Random(7)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def stop(self) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            if head.startswith("get "):
                await _answer_json(writer, MODELS)
                return
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            asked = json.loads(await reader.readexactly(length))
            prompt = asked["messages"][-1]["content"]
            await (self._stream(writer, prompt) if asked.get("stream") else self._answer(writer, prompt))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has gone, as after a cancelled run
        finally:
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, prompt: str) -> None:
        text = self._tell(prompt)
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        usage = _usage(word_count(prompt), word_count(text))
        answer = {"id": "1", "object": "chat.completion", "created": 1, "model": self.model}
        await _answer_json(writer, answer | {"choices": [choice], "usage": usage})

    async def _stream(self, writer: asyncio.StreamWriter, prompt: str) -> None:
        writer.write(STREAM_HEAD)
        words = self._tell(prompt.rpartition(END_OF_INSTRUCTIONS)[2]).split(" ")
        for word in words:
            await asyncio.sleep(PIECE_SECONDS)
            _send(writer, choices=[{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}])
            await writer.drain()
        _send(writer, choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
        _send(writer, choices=[], usage=_usage(word_count(prompt), len(words)))
        writer.write(b"data: [DONE]\n\n")
        await writer.drain()

    def _tell(self, text: str) -> str:
        """Returns the text with further sentences, each as long as the one that it follows."""
        told: list[str] = []
        for sentence in split_sentences(text):
            told += [sentence, *(self._sentence(word_count(sentence)) for _ in range(ADDED_SENTENCES))]
        return " ".join(told)

    def _sentence(self, words: int) -> str:
        choose = self._random.choice
        written = [choose(BEGINNINGS), "the", choose(QUALITIES), choose(THINGS)]
        while len(written) < words - 2:
            written += ["and", "the", choose(THINGS)]
        return f"{' '.join(written)} something {choose(ACTS)}."


async def _answer_json(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    writer.write(f"{JSON_HEAD}content-length: {len(content)}\r\n\r\n".encode() + content)
    await writer.drain()


def _usage(input_tokens: int, output_tokens: int) -> dict[str, int]:
    total = input_tokens + output_tokens
    return {"prompt_tokens": input_tokens, "completion_tokens": output_tokens, "total_tokens": total}


def _send(writer: asyncio.StreamWriter, **fields: Any) -> None:
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": ProseEndpoint.model}
    writer.write(b"data: " + json.dumps(chunk | fields).encode() + b"\n\n")
