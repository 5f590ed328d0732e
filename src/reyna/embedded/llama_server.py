"""The process in which llama.cpp answers: `python -P -m reyna.embedded.llama_server FILE`, where FILE says what."""

import json
import signal
import sys
from pathlib import Path

import xllamacpp


def main(file: str) -> None:
    """Serve until SIGTERM.

    The file holds `model` (a path), `alias`, `port`, `key`, `slots`, `context` (tokens of a slot), `threads`, and what
    to print when `ready`.
    """
    wanted = json.loads(Path(file).read_text(encoding="utf-8"))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before threads are made, so that none of them takes it
    server = xllamacpp.Server(parameters(wanted))  # loads, warms and listens
    print(wanted["ready"], flush=True)  # noqa: T201 - for the supervisor
    signal.sigwait({signal.SIGTERM})
    del server


def parameters(wanted: dict[str, str | int]) -> xllamacpp.CommonParams:
    chosen = xllamacpp.CommonParams()
    chosen.model.path = str(wanted["model"])
    chosen.model_alias = {str(wanted["alias"])}
    chosen.hostnames = ["127.0.0.1"]
    chosen.port = int(wanted["port"])
    chosen.api_keys = [str(wanted["key"])]
    chosen.n_parallel = int(wanted["slots"])
    chosen.n_ctx = int(wanted["slots"]) * int(wanted["context"])
    chosen.cpuparams.n_threads = int(wanted["threads"])
    chosen.cpuparams_batch.n_threads = int(wanted["threads"])
    chosen.cache_ram_mib = 256  # prompts remembered; the 8 GiB of the default are for larger machines
    chosen.warmup = True
    chosen.offline = True
    chosen.ui = False
    chosen.endpoint_slots = False  # it would show prompts
    chosen.cors_origins = ""
    chosen.verbosity = 2  # warnings: the lines of each request say nothing that we need
    return chosen


if __name__ == "__main__":
    main(sys.argv[1])
