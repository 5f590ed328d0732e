"""Whether a service is up, ready, and how much it does."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog
from litestar import MediaType, Response, get
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from reyna.domain.errors import Fault, Refusal

PATIENCE: Final = 5.0  # seconds that a dependency may take to answer
log: Final = structlog.get_logger("reyna.http")
Check = Callable[[], Awaitable[None]]


class Meter:
    """Counts and times the requests of one service, by route and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("reyna_http_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "reyna_http_seconds", "Time to the answer", ("method", "route"), registry=self.registry
        )

    def middleware(self, app: ASGIApp) -> ASGIApp:
        async def measured(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                return await app(scope, receive, send)
            began, status = time.perf_counter(), 0

            async def noting(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            await app(scope, receive, noting)
            route = str(scope.get("path_template") or "-")
            self._requests.labels(scope["method"], route, str(status)).inc()
            self._seconds.labels(scope["method"], route).observe(time.perf_counter() - began)
            return None

        return measured


@get("/healthz", include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process is up."""
    return {"status": "up"}


def readyz_of(checks: Mapping[str, Check]) -> Any:
    @get("/readyz", include_in_schema=False)
    async def readyz() -> Response[Any]:
        """Every dependency by name: `up`, or what is wrong with it."""
        states = await asyncio.gather(*(_state_of(name, check) for name, check in checks.items()))
        found = dict(zip(checks, states, strict=True))
        ready = all(state == "up" for state in found.values())
        return Response({"ready": ready, "dependencies": found}, status_code=200 if ready else 503)

    return readyz


async def _state_of(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await check()
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except (Fault, Refusal) as error:
        return error.detail
    except Exception:
        log.exception("check broke", dependency=name)
        return "its check broke; see the log"
    return "up"


def metrics_of(registry: CollectorRegistry) -> Any:
    @get("/metrics", include_in_schema=False, media_type=MediaType.TEXT)
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics
