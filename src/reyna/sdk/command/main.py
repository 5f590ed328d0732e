"""The command line of the SDK alone: `reyna processor run` and `reyna processor new`, as the studio has them."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from reyna.domain.errors import CannotStart, Fault, Refusal
from reyna.ports.language import Language
from reyna.sdk.command.reload import command_without_reload, run_reloading
from reyna.sdk.command.running import price_of_model, run_rest_workers, studio_address
from reyna.sdk.command.scaffold import write_scaffold

DISTRIBUTION: Final = "reyna-sdk"
DEFAULT_PARALLEL_RUNS: Final = 4
MAX_PARALLEL_RUNS: Final = 1_000
STUDIO_SETTINGS: Final = (  # of the studio's language models: their retries, time limits and circuit breaker
    "REYNA_LLM_RETRY_SECONDS",
    "REYNA_LLM_FIRST_TEXT_SECONDS",
    "REYNA_LLM_SILENCE_SECONDS",
    "REYNA_LLM_BREAKER_SECONDS",
)
INTERRUPTED: Final = 130  # the exit code of a shell for Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command, and returns its exit code; an error is one line."""
    given = _parser().parse_args(arguments)
    try:
        return _write(given.id) if given.verb == "new" else _run(given)
    except CannotStart as hindrance:
        return _report(str(hindrance))
    except (Fault, Refusal) as error:
        return _report(error.detail)
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="reyna", description="ReYNa SDK: write and run processors.")
    root.add_argument("--version", action="version", version=f"reyna-sdk {_version()}")
    processor = root.add_subparsers(required=True, metavar="processor").add_parser("processor", help="run, new")
    verbs = processor.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="Run processors of your own until Ctrl-C, with REYNA_URL and REYNA_TOKEN.")
    run.add_argument("names", nargs="+", metavar="MODULE:NAME", help="Where the processors are.")
    run.add_argument("--parallel", type=_parallel_runs, default=DEFAULT_PARALLEL_RUNS, help="Runs at the same time.")
    run.add_argument("--url", help="Address of the studio, with REYNA_TOKEN; else REYNA_URL.")
    run.add_argument("--reload", action="store_true", help="Start anew whenever a Python file here changes.")
    new = verbs.add_parser("new", help="Write the first lines of a processor, and its test, into this folder.")
    new.add_argument("id", help="Its id, such as text-expansion.")
    return root


def _parallel_runs(text: str) -> int:
    number = int(text)
    if not 1 <= number <= MAX_PARALLEL_RUNS:
        raise argparse.ArgumentTypeError(f"from 1 to {MAX_PARALLEL_RUNS:,}")
    return number


def _write(id: str) -> int:
    name = write_scaffold(id, Path.cwd())
    _print(f"{name}.py and test_{name}.py are written. Run it with: reyna processor run {name}:{name}")
    return 0


def _run(given: argparse.Namespace) -> int:
    if given.reload:
        return run_reloading(command_without_reload(), Path.cwd())
    studio = studio_address(given.url, os.environ)
    if studio is None:
        raise CannotStart("Set REYNA_URL and REYNA_TOKEN. Workers on NATS need reyna-studio beside reyna-sdk.")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # each request of a worker would be a line
    sys.path.insert(0, str(Path.cwd()))  # a processor is most often a file in the working directory
    (address, token), names = studio, list(given.names)

    def ready() -> None:
        _print(f"Running {', '.join(names)}. It is ready; Ctrl-C stops it.")

    language, price = _open_language(os.environ), price_of_model(os.environ)
    asyncio.run(
        run_rest_workers(address, token, names, parallel=given.parallel, language=language, price=price, ready=ready)
    )
    return 0


@asynccontextmanager
async def _open_language(environment: Mapping[str, str]) -> AsyncIterator[Language | None]:
    """Yields the language model of REYNA_LLM_URL, if it is set. Raises CannotStart without REYNA_LLM_MODEL."""
    url, key, model = (environment.get(f"REYNA_LLM_{name}") for name in ("URL", "KEY", "MODEL"))
    if not url:
        yield None
        return
    if not model:
        raise CannotStart("REYNA_LLM_MODEL must name the model to ask REYNA_LLM_URL for.")
    for name in STUDIO_SETTINGS:
        if environment.get(name):
            logging.warning("%s is ignored: it needs reyna-studio beside reyna-sdk", name)
    from reyna.sdk.language.endpoint import EndpointLanguage

    endpoint = EndpointLanguage(url, key, model)
    try:
        yield endpoint
    finally:
        await endpoint.close()


def _version() -> str:
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "(not installed)"


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _report(reason: str) -> int:
    sys.stderr.write(f"reyna: {' '.join(reason.split())}\n")
    return 1
