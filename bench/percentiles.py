"""Latencies in milliseconds, summed up as percentiles."""

from collections.abc import Sequence

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """Percentiles by nearest rank."""

    p50: float
    p95: float
    p99: float
    count: int

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> "Spread":
        ordered = sorted(milliseconds)

        def at(share: float) -> float:
            return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

        return cls(at(0.50), at(0.95), at(0.99), len(ordered))

    def __str__(self) -> str:
        return f"{self.p50:8.2f} {self.p95:8.2f} {self.p99:8.2f}"
