"""The progress of a batch in a terminal."""

import time
from collections.abc import Callable
from typing import Final

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from reyna.cli.terminal import OUT, printable
from reyna.domain.processing.batch import StageProgress, WatchedBatch

POLL_SECONDS: Final = 1.0


def follow(read: Callable[[], WatchedBatch], wait: Callable[[float], None] = time.sleep) -> WatchedBatch:
    """Shows the progress until the batch has ended, and returns it as it is then; `wait` waits for so many seconds."""
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn()
    with Progress(*columns, console=OUT, transient=True) as bar:
        task = bar.add_task("", total=1.0)
        while True:
            batch = read()
            bar.update(task, completed=batch.progress.fraction, description=printable(name_of(batch)))
            if batch.status != "running":
                return batch
            wait(POLL_SECONDS)


def name_of(batch: WatchedBatch) -> str:
    """Returns the name of the pipeline, or its processors."""
    return batch.name or " > ".join(stage.processor_id for stage in batch.stages)


def describe_stage(stage: StageProgress) -> str:
    """Returns the counts of a stage that are not zero, such as `2 completed, 1 skipped`."""
    counts = [
        (stage.requested, "waiting"),
        (stage.running, "running"),
        (stage.completed, "completed"),
        (stage.refused, "refused"),
        (stage.failed, "failed"),
        (stage.cancelled, "cancelled"),
        (stage.skipped, "skipped"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing to do"
