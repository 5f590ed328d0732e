"""The CPU time that the processes of the studio use: Python, PostgreSQL and the nats-server."""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
NAMES: Final = {"postgres": "PostgreSQL", "nats-server": "nats-server"}  # by the name of the program
STUDIO: Final = "studio"


class CpuMeter:
    """Measures from its creation on; `pid` is the process that started all others."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._before = cpu_seconds(pid)

    def microseconds_each(self, count: int) -> dict[str, float]:
        """Returns the CPU time since the creation of this meter by kind of process, divided by this count."""
        used = cpu_seconds(self._pid)
        return {name: (used[name] - self._before[name]) / count * 1e6 for name in sorted(used)}


def cpu_seconds(pid: int) -> dict[str, float]:
    """Returns the CPU time so far of a process and its descendants, by kind of process."""
    ticks = Counter[str]()
    for one in family_of(pid):
        name, used = _name_and_ticks(one)
        ticks[NAMES.get(name, STUDIO)] += used
    return {name: used / TICKS_PER_SECOND for name, used in ticks.items()}


def family_of(pid: int) -> Iterator[int]:
    """Yields a process and its descendants."""
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from family_of(int(child))


def _name_and_ticks(pid: int) -> tuple[str, int]:
    """Returns the name of a program, and the clock ticks that it ran for itself and for the kernel (proc(5))."""
    name, _, fields = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(")")
    user, system = fields.split()[11:13]
    return name, int(user) + int(system)
