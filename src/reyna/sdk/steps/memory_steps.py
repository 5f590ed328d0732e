"""The stored steps of a run in memory, for a processor that runs alone."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from reyna.domain.processing.run import Cost
from reyna.domain.processing.step import RunStep, encode_step_result


class MemorySteps:
    """Finished steps by name. Give the same ones to a second run, as the studio does when a run is retried."""

    def __init__(self) -> None:
        self.finished: dict[str, RunStep] = {}

    async def get(self, name: str) -> RunStep | None:
        return self.finished.get(name)

    async def put(self, name: str, result: Any, cost: Cost) -> RunStep:
        if name not in self.finished:
            self.finished[name] = RunStep(
                id=f"step-{name}",
                user_id="user-ana",
                run_id="run-alone",
                name=name,
                result=msgspec.json.decode(encode_step_result(result, name)),
                cost=cost,
                finished_at=datetime.now(UTC),
            )
        return self.finished[name]
