"""The process of llama.cpp: `python -P -m reyna.embedded.llama_server FILE`, where FILE holds its settings."""

import json
import signal
import sys
from pathlib import Path

import xllamacpp


def main(file: str) -> None:
    """Serves until SIGTERM.

    The file holds `model` (a path), `alias`, `port`, `key`, `slots`, `context` (tokens of a slot), `threads`, and the
    line that is printed when the server is `ready`.
    """
    settings = json.loads(Path(file).read_text(encoding="utf-8"))
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # before there are threads
    server = xllamacpp.Server(build_parameters(settings))  # loads, warms and listens
    print(settings["ready"], flush=True)  # noqa: T201 - for the supervisor
    signal.sigwait({signal.SIGTERM})
    del server


def build_parameters(settings: dict[str, str | int]) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(settings["model"])
    parameters.model_alias = {str(settings["alias"])}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = int(settings["port"])
    parameters.api_keys = [str(settings["key"])]
    parameters.n_parallel = int(settings["slots"])
    parameters.n_ctx = int(settings["slots"]) * int(settings["context"])
    parameters.cpuparams.n_threads = int(settings["threads"])
    parameters.cpuparams_batch.n_threads = int(settings["threads"])
    parameters.cache_ram_mib = 256  # of prompts; the default of 8 GiB is for larger machines
    parameters.warmup = True
    parameters.offline = True
    parameters.ui = False
    parameters.endpoint_slots = False  # it would expose prompts
    parameters.cors_origins = ""
    parameters.verbosity = 2  # warnings only
    return parameters


if __name__ == "__main__":
    main(sys.argv[1])
