"""Health, readiness and metrics of a service."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple

import structlog
from litestar import MediaType, Response, get
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest

from reyna.domain.errors import Fault, Refusal

CHECK_TIMEOUT_SECONDS: Final = 5.0
log: Final = structlog.get_logger("reyna.transport.http")
Check = Callable[[], Awaitable[None]]


class OptionalCheck(NamedTuple):
    """A check that `/readyz` reports, and that does not decide if the service is ready."""

    check: Check


class Meter:
    """Counts and times the requests of one service, by route and status."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("reyna_http_requests", "Requests answered", labels, registry=self.registry)
        self._seconds = Histogram(
            "reyna_http_seconds", "Time to the answer", ("method", "route"), registry=self.registry
        )
        self._label_sets: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts a request that was answered with this status after so many seconds."""
        key = (method, route, status)
        if (metrics := self._label_sets.get(key)) is None:
            metrics = self._label_sets[key] = (
                self._requests.labels(method, route, str(status)),
                self._seconds.labels(method, route),
            )
        metrics[0].inc()
        metrics[1].observe(seconds)


def healthz_route(service: str) -> Any:
    """Returns the route that says that the process is up."""

    @get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        """The process is up, and this is the service that it answers for."""
        return {"status": "up", "service": service}

    return healthz


def readyz_route(checks: Mapping[str, Check | OptionalCheck]) -> Any:
    """Returns the route that runs the checks; `checks` may grow later."""

    @get("/readyz", include_in_schema=False)
    async def readyz() -> Response[Any]:
        """Every dependency by name: `up`, or what is wrong with it."""
        current = dict(checks)
        states = await asyncio.gather(*(_state_of(name, check) for name, check in current.items()))
        dependencies = dict(zip(current, states, strict=True))
        ready = all(state == "up" or isinstance(current[name], OptionalCheck) for name, state in dependencies.items())
        return Response({"ready": ready, "dependencies": dependencies}, status_code=200 if ready else 503)

    return readyz


async def _state_of(name: str, check: Check | OptionalCheck) -> str:
    run = check.check if isinstance(check, OptionalCheck) else check
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_SECONDS):
            await run()
    except TimeoutError:
        return f"no answer within {CHECK_TIMEOUT_SECONDS:g} s"
    except (Fault, Refusal) as error:
        return error.detail
    except Exception:
        log.exception("check failed", dependency=name)
        return "its check failed; see the log"
    return "up"


def metrics_route(registry: CollectorRegistry) -> Any:
    """Returns the route of the Prometheus metrics."""

    @get("/metrics", include_in_schema=False, media_type=MediaType.TEXT)
    async def metrics() -> Response[bytes]:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics
