"""The limits of this installation on the runs of one user, and the weights of users."""

from collections.abc import Mapping, Sequence

import msgspec

from reyna.ports.bus import RETRY_DELAYS_SECONDS


class DispatchPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """`max_concurrency` and `max_runs_per_minute` hold for the runs of one user, None for no limit.

    A user with weight 2 gets two turns where another gets one; every user has weight 1 by default. `spare_runs` are
    handed out ahead of those at work while no live worker is known. `retry_delays` are the seconds before each further
    attempt at a run over HTTPS that failed.
    """

    max_concurrency: int | None = None
    max_runs_per_minute: int | None = None
    weights: Mapping[str, float] = {}
    spare_runs: int = 1
    retry_delays: Sequence[float] = RETRY_DELAYS_SECONDS
