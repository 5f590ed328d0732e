"""The progress of a backup or a restoration as a bar at the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from reyna.cli.terminal import ERR
from reyna.storage.backup.manifest import BackupPart

MEBIBYTE = 1024**2


class ProgressBar:
    """One bar for each step, which counts its parts, and beside it the size of what was read."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._size = 0

    def begin(self, step: str, parts: int) -> None:
        self._size = 0
        self._task = self._bars.add_task(step, total=parts or None, size="")

    def advance(self, part: BackupPart) -> None:
        self._size += part.size
        if self._task is not None:
            self._bars.update(self._task, advance=1, size=f"{self._size / MEBIBYTE:,.1f} MiB")


@contextmanager
def progress_bar() -> Iterator[ProgressBar]:
    columns = (
        TextColumn("{task.description:<10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[size]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=ERR) as bars:
        yield ProgressBar(bars)
