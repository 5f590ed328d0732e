"""Finds the browser that the browser tests drive, or installs it where that is possible; says loudly when it cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
INSTALL: Final = (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"])


def found() -> Path | None:
    """CHROMIUM names one; otherwise the usual names on the PATH."""
    named = os.environ.get("CHROMIUM")
    for name in (named,) if named else NAMES:
        if path := shutil.which(name):
            return Path(path)
    return None


def install() -> None:
    """Debian's package, when we are root on such a system."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    for command in INSTALL:
        environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        if subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False).returncode != 0:
            return


def main() -> int:
    if found() is None:
        sys.stderr.write("No Chromium on the PATH; installing it.\n")
        install()
    if path := found():
        sys.stderr.write(f"Browser tests use {path}.\n")
        return 0
    sys.stderr.write("\n*** THE BROWSER TESTS WILL BE SKIPPED: no Chromium found. Set CHROMIUM to one. ***\n\n")
    return 1 if os.environ.get("REYNA_TEST_STRICT") else 0


if __name__ == "__main__":
    raise SystemExit(main())
