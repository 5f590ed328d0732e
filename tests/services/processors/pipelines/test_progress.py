"""The overall progress of a batch follows from the positions of its runs."""

import pytest

from reyna.domain.caller import Caller
from reyna.domain.processing.batch import new_batch, progress_of
from reyna.domain.processing.pipeline import PipelineStage
from tests.services.processors.neighbours import NOON

STAGES = (PipelineStage(processor_id="one"), PipelineStage(processor_id="two"))


@pytest.mark.parametrize(
    ("runs", "skipped", "fraction"),
    [
        ({}, {}, 1.0),
        ({"0 requested": 2}, {}, 0.0),
        ({"0 completed": 1, "0 running": 1, "1 requested": 1}, {}, 0.25),
        ({"0 waiting": 2}, {}, 0.5),
        ({"0 completed": 2, "1 completed": 1, "1 running": 1}, {}, 0.75),
        ({"0 completed": 2, "1 completed": 1}, {1: 1}, 1.0),
        ({"0 failed": 1, "0 cancelled": 1, "0 refused": 1}, {0: 1}, 1.0),
        ({"0 completed": 1, "1 completed": 3, "1 requested": 1}, {}, 0.8),
    ],
)
def test_progress_counts_what_is_still_to_come(
    ana: Caller, runs: dict[str, int], skipped: dict[int, int], fraction: float
) -> None:
    batch = new_batch(ana, STAGES, "bulk", None, NOON)
    progress = progress_of(batch, runs, skipped)
    assert progress.fraction == fraction
    assert sum(stage.total for stage in progress.stages) == sum(runs.values()) + sum(skipped.values())
