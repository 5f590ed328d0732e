"""`reyna model list | use | test`: the language model of a studio."""

import os
import re
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.table import Table

from reyna.app.config import SETTINGS_FILE, Settings
from reyna.app.models.discovery import LocalServers
from reyna.app.models.opening import open_for_single_try
from reyna.cli.execution import exit_with_error, run_async
from reyna.cli.startup import UNUSED_LLM_URL, join_running_studio, load_settings
from reyna.cli.terminal import OUT, add_row, print_line
from reyna.domain.processing.model import Model
from reyna.ports.language import ModelEndpoint, Prompt

app: Final = typer.Typer(name="model", help="The language model of the studio.", no_args_is_help=True)
PROMPT: Final = Prompt(system="Answer in one word.", user="Hello!", max_tokens=16)
MODEL_SETTINGS: Final = re.compile(r"^llm_(?:url|model)\s*=.*\n?", re.MULTILINE)


@app.command("list")
def list_models() -> None:
    """List the model of the settings, and those of an Ollama or LM Studio on this machine."""
    settings = load_settings()
    run_async(lambda: _list(settings))


@app.command("use")
def use(name: Annotated[str, typer.Argument(help="A model of `reyna model list`.")]) -> None:
    """Write a model that was found on this machine into reyna.toml; it counts from the next start."""
    path = Path(os.environ.get("REYNA_CONFIG") or SETTINGS_FILE)
    run_async(lambda: _use(name, path))


@app.command("test")
def test() -> None:
    """Ask the model of the studio for one word."""
    settings = join_running_studio(load_settings())
    if settings.llm_url in (None, UNUSED_LLM_URL):
        exit_with_error("No language model is set: see REYNA_LLM_URL.")
    run_async(lambda: _test(settings))


def with_model(text: str, url: str, model: str) -> str:
    """Returns the text of a settings file with this model in it, and everything else as it was."""
    lines = f"llm_url = {_quote(url)}\nllm_model = {_quote(model)}\n"
    return lines + MODEL_SETTINGS.sub("", text)


def write_model(path: Path, url: str, model: str) -> None:
    """Writes the model into the settings file, which is made if there is none."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(with_model(text, url, model), encoding="utf-8")


async def _list(settings: Settings) -> None:
    table = Table("name", "where", "state", box=None)
    url = settings.llm_url or "embedded"
    add_row(table, settings.llm_model or "the embedded model", url.rpartition("@")[2], "in use")
    for model in await _find():
        add_row(table, model.model, model.url or "", "found on this machine")
    OUT.print(table)


async def _use(name: str, path: Path) -> None:
    found = next((model for model in await _find() if model.model == name), None)
    if found is None or found.url is None:
        exit_with_error(f"No model {name} answers on this machine. See: reyna model list")
    write_model(path, found.url, found.model)
    print_line(f"{path} names {found.model} now. Start the studio again.")


async def _find() -> list[Model]:
    servers = LocalServers()
    await servers.probe()
    return list(servers.models)


async def _test(settings: Settings) -> None:
    endpoint = ModelEndpoint(url=settings.llm_url, key=settings.llm_key, model=settings.llm_model or "")
    async with open_for_single_try(endpoint) as language:
        answer = await language.complete(PROMPT)
    print_line(f"{answer.model} answers ({answer.input_tokens} tokens in, {answer.output_tokens} out).")


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
