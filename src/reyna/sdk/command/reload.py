"""Reloading during development: runs a command in a child process, and again whenever a Python file changes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

LOOK_INTERVAL_SECONDS: Final = 0.5
STOP_TIMEOUT_SECONDS: Final = 15.0
SKIPPED_FOLDERS: Final = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", ".reyna"})


def run_reloading(command: Sequence[str], folder: Path, *, wait: Callable[[float], None] = time.sleep) -> int:
    """Runs the command until it is interrupted, and returns its exit code; a change of a file in `folder` starts it
    anew."""
    while True:
        seen, process = modification_times(folder), subprocess.Popen(command)  # noqa: S603 - our own command
        try:
            while modification_times(folder) == seen:
                wait(LOOK_INTERVAL_SECONDS)
        except KeyboardInterrupt:
            return stop_process(process)
        sys.stderr.write("A file has changed: starting anew.\n")
        stop_process(process)


def command_without_reload() -> list[str]:
    """Returns the command of this process without its `--reload`."""
    return [sys.executable, "-m", "reyna", *(part for part in sys.argv[1:] if part != "--reload")]


def stop_process(process: "subprocess.Popen[bytes]") -> int:
    """Asks the process to stop, and returns its exit code."""
    with suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def modification_times(folder: Path) -> dict[str, int]:
    """Returns the time of the last change of every Python file in this folder."""
    found = {}
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in SKIPPED_FOLDERS]
        for name in files:
            if name.endswith(".py"):
                with suppress(OSError):
                    found[f"{root}/{name}"] = (Path(root) / name).stat().st_mtime_ns
    return found
