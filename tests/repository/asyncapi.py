"""The AsyncAPI document of all events, generated from the table of `docs/reference/events.md`."""

import json
import re
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"
DOCUMENT: Final = FOLDER / "asyncapi.json"
SAME: Final = "the same"
ROW: Final = re.compile(r"^\| `([^`]+)` \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
ONLY_TO_WEBHOOKS: Final = {"webhook.test"}
NUMBERS: Final = {"revision", "total", "done", "failed", "number", "size", "bucket_count", "blob_count"}
ANSWERS: Final = {"enabled", "dropped", "held"}
TEXTS: Final = {"type": ["string", "null"]}
CLOUD_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "userid", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "description": "Repeated when the event is delivered again."},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "subject": TEXTS | {"description": "The id of the record that it is about."},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "userid": {"type": "string", "description": "The user that it belongs to."},
        "origin": TEXTS | {"description": "The WebSocket and the request that caused it."},
        "data": {"type": "object"},
    },
}


def documented_rows() -> dict[str, tuple[str, set[str]]]:
    """Returns the sentence and the fields of `data` by event type; `the same` stands for those of the last full row."""
    documented: dict[str, tuple[str, set[str]]] = {}
    full: set[str] = set()
    page = (FOLDER / "events.md").read_text(encoding="utf-8").partition("## Types")[2]
    for type, sentence, data in ROW.findall(page):
        fields = set(re.findall(r"`(\w+)`", data))
        if SAME not in data:
            full = fields
        documented[type] = sentence, full | fields if SAME in data else fields
    return documented


def asyncapi_document() -> dict[str, Any]:
    channels, operations, messages = {}, {}, {}
    for type, (sentence, fields) in sorted(documented_rows().items()):
        if type in ONLY_TO_WEBHOOKS:
            continue
        name = re.sub(r"\.<(\w+)>", "", type)
        parameters = {"user": {"description": "The id of the user."}}
        parameters |= {part: {"description": f"The id of the {part}."} for part in re.findall(r"<(\w+)>", type)}
        channels[name] = {
            "address": f"reyna.event.{{user}}.{_address_of(type)}",
            "parameters": parameters,
            "messages": {name: {"$ref": f"#/components/messages/{name}"}},
        }
        operations[name] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{name}"}],
        }
        data = {"type": "object", "properties": {field: _schema_of(field) for field in sorted(fields)}}
        messages[name] = {
            "name": type,
            "summary": sentence,
            "contentType": "application/json",
            "payload": {
                "allOf": [{"$ref": "#/components/schemas/CloudEvent"}, {"properties": {"data": data}}],
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Events of ReYNa Studio",
            "version": "1.0.0",
            "description": "Everything that happens, on NATS JetStream (stream EVENTS) as CloudEvents 1.0 in JSON.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": {"CloudEvent": CLOUD_EVENT}},
    }


def _address_of(type: str) -> str:
    return type.replace("<", "{").replace(">", "}")


def _schema_of(field: str) -> dict[str, Any]:
    if field.endswith("_ids"):
        return {"type": "array", "items": {"type": "string"}}
    if field in NUMBERS:
        return {"type": ["integer", "null"]}
    if field in ANSWERS:
        return {"type": "boolean"}
    return {} if field in ("used", "allowed", "processors") else TEXTS


def document_as_generated() -> str:
    return json.dumps(asyncapi_document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document_as_generated(), encoding="utf-8")
