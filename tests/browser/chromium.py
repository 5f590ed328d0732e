"""Finds Chromium for the browser tests, or installs it where that is possible, and warns when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

PROGRAM_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALL_COMMANDS: Final = (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"])


def find_chromium() -> Path | None:
    """Returns the program that CHROMIUM names, or else the first of the usual names on the PATH."""
    chosen = os.environ.get("CHROMIUM")
    for name in (chosen,) if chosen else PROGRAM_NAMES:
        if path := shutil.which(name):
            return Path(path)
    return None


def install_chromium() -> None:
    """Installs Debian's package; does nothing on another system, or for a user who may not."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    for command in INSTALL_COMMANDS:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            return


def main() -> int:
    if find_chromium() is None:
        sys.stderr.write("No Chromium on the PATH; installing it.\n")
        install_chromium()
    if path := find_chromium():
        sys.stderr.write(f"Browser tests use {path}.\n")
        return 0
    sys.stderr.write("\n*** THE BROWSER TESTS WILL BE SKIPPED: no Chromium found. Set CHROMIUM to one. ***\n\n")
    return 1 if os.environ.get("REYNA_TEST_STRICT") else 0


if __name__ == "__main__":
    raise SystemExit(main())
