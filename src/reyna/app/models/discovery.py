"""Language model servers on this machine, which are found at the start and offered: Ollama and LM Studio."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

import httpx2

from reyna.domain.processing.model import Model

LOCAL_SERVERS: Final = {"Ollama": 11434, "LM Studio": 1234}
PROBE_SECONDS: Final = 0.5
MAX_FOUND_MODELS: Final = 50  # of one server


class LocalServers:
    """The models of the local servers as the last probe found them; `models` is empty until it has ended."""

    def __init__(self, ports: Mapping[str, int] = LOCAL_SERVERS) -> None:
        self._ports = ports
        self._probing: asyncio.Task[None] | None = None
        self.models: Sequence[Model] = ()

    def start(self) -> None:
        """Begins to probe in the background."""
        self._probing = asyncio.create_task(self.probe())

    async def stop(self) -> None:
        if self._probing is not None:
            self._probing.cancel()
            with suppress(asyncio.CancelledError):
                await self._probing

    async def probe(self) -> None:
        """Asks each server for its models; takes half a second at most."""
        no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # to read those of the authorities takes 70 ms of CPU
        async with httpx2.AsyncClient(timeout=PROBE_SECONDS, trust_env=False, verify=no_certificates) as client:
            found = await asyncio.gather(*(_list_models(client, name, port) for name, port in self._ports.items()))
        self.models = tuple(model for models in found for model in models)


async def _list_models(client: httpx2.AsyncClient, server: str, port: int) -> list[Model]:
    url = f"http://127.0.0.1:{port}/v1"
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            answer = (await client.get(f"{url}/models")).raise_for_status().json()
        return [_found_model(server, url, str(one["id"])) for one in answer["data"][:MAX_FOUND_MODELS]]
    except (TimeoutError, httpx2.HTTPError, ValueError, LookupError, TypeError):
        return []  # no such server, or another one


def _found_model(server: str, url: str, model: str) -> Model:
    id = "".join(sign if sign.isalnum() else "-" for sign in f"found-{server}-{model}".lower())
    facts: dict[str, Any] = {"url": url, "model": model, "scope": "system", "found": True}
    return Model(id=id, name=f"{model} ({server})", provider="openai", **facts)
