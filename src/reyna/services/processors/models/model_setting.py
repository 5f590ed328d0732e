"""The setting `model`, which every processor has: the model that its runs ask, instead of that of the installation."""

from typing import Any

from reyna.domain.processing.model import SYSTEM_MODEL_ID
from reyna.domain.processing.processor import Processor


def split_model(processor: Processor, settings: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Returns the setting `model`, None for none, and the processor's own settings.

    A processor that declares a setting of this name keeps it.
    """
    if "model" not in settings or _declares_model(processor.settings_schema or {}):
        return None, settings
    return settings["model"], {name: value for name, value in settings.items() if name != "model"}


def chosen_model(model: str | None) -> str | None:
    """Returns the model to store in a run: None for that of the installation."""
    return None if model == SYSTEM_MODEL_ID else model


def _declares_model(schema: dict[str, Any]) -> bool:
    reference = schema.get("$ref", "")
    if isinstance(reference, str) and reference.startswith("#/$defs/"):
        schema = schema.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {})
    return "model" in schema.get("properties", {})
