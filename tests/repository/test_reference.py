"""The reference pages agree with the code."""

import ast
import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from reyna.app.config import SETTINGS
from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.domain.caller import Caller
from reyna.domain.event import Event
from reyna.domain.placement import Placement
from reyna.domain.processing.processor import Instance, Processor
from reyna.domain.processing.run import Run
from reyna.services.studio.events.filters import SUFFIXED_TYPES, TYPES
from reyna.services.studio.gateway import protocol
from reyna.services.studio.gateway.close_codes import (
    ANOTHER_USER,
    INTERNAL_ERROR,
    NOT_SIGNED_IN,
    ORIGIN_REFUSED,
    TRY_AGAIN_LATER,
)
from reyna.transport.http.server.websocket_protocol import TOO_LARGE, TOO_MANY, TOO_SLOW
from tests.repository.reference import FOLDER, PAGES, openapi_document, page_as_generated

SOURCES = Path(__file__).parents[2] / "src" / "reyna"
NOW = datetime(2026, 5, 4, tzinfo=UTC)
ANA = Caller(user_id="user-ana")
PARTS = {"self.schema_id": "<schema>", "self.processor_id": "<processor>"}
SAME = "the same"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_it_would_be_written_now(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == page_as_generated(name), (
        "run python -m tests.repository.reference"
    )


def test_every_setting_is_documented() -> None:
    page = (FOLDER / "settings.md").read_text(encoding="utf-8")
    assert all(f"| `{setting.name}` | `{setting.variable}` |" in page for setting in SETTINGS)


def test_every_address_is_documented() -> None:
    page = (FOLDER / "rest.md").read_text(encoding="utf-8")
    for path, methods in openapi_document()["paths"].items():
        for method in methods:
            assert re.search(rf"`{method.upper()} {re.escape(path)}[?`]", page)


def test_every_action_is_documented_with_its_fields_and_so_is_every_close_code() -> None:
    page = (FOLDER / "websocket.md").read_text(encoding="utf-8")
    documented = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", page, re.MULTILINE))
    for kind in get_args(protocol.Message):
        fields = [field for field in msgspec.structs.fields(kind) if field.name != "request_id"]
        wanted = {field.name + ("" if field.required else "?") for field in fields}
        assert set(re.findall(r"`([\w?]+)`", documented[kind.__struct_config__.tag])) == wanted
    codes = {
        NOT_SIGNED_IN,
        ORIGIN_REFUSED,
        TOO_SLOW,
        TOO_LARGE,
        TOO_MANY,
        ANOTHER_USER,
        TRY_AGAIN_LATER,
        INTERNAL_ERROR,
    }
    assert {int(code) for code in re.findall(r"^\| (\d{4}) \|", page, re.MULTILINE)} == codes


# --- events ---


def types_in_the_code() -> set[str]:
    """Returns every type that is given to `Event.now`, with the actions of its noun."""
    return {type for path in SOURCES.rglob("*.py") for type in _types_in(ast.parse(path.read_text(encoding="utf-8")))}


def _types_in(tree: ast.Module) -> Iterator[str]:
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "Event.now":
                    yield from _types_of(call.args[0], _actions(function))


def _actions(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    for argument in function.args.args:
        if argument.arg == "action" and isinstance(argument.annotation, ast.Subscript):
            found: str | tuple[str, ...] = ast.literal_eval(argument.annotation.slice)
            return [found] if isinstance(found, str) else list(found)
    return []


def _types_of(given: ast.expr, actions: list[str]) -> Iterator[str]:
    if isinstance(given, ast.Constant):
        yield str(given.value)
    elif isinstance(given, ast.JoinedStr):
        pieces = [
            _values_of(ast.unparse(piece.value), actions)
            if isinstance(piece, ast.FormattedValue)
            else [ast.literal_eval(piece)]
            for piece in given.values
        ]
        yield from map("".join, itertools.product(*pieces))


def _values_of(expression: str, actions: list[str]) -> list[str]:
    return actions if expression == "action" else [PARTS[expression]]


def documented_events() -> dict[str, set[str]]:
    """Returns the fields of `data` by event type; `the same` stands for those of the last full row."""
    documented: dict[str, set[str]] = {}
    full: set[str] = set()
    page = (FOLDER / "events.md").read_text(encoding="utf-8").partition("## Types")[2]
    for type, data in re.findall(r"^\| `([^`]+)` \| [^|]* \| ([^|]*) \|$", page, re.MULTILINE):
        fields = set(re.findall(r"`(\w+)`", data))
        if SAME not in data:
            full = fields
        documented[type] = full | fields if SAME in data else fields
    return documented


def test_every_type_is_documented_and_no_other() -> None:
    types = types_in_the_code()
    assert len(types) > 20
    assert documented_events().keys() == types


def test_every_type_can_be_asked_for_and_no_other() -> None:
    documented_only = {"processor.progress", "upgrade.progress"}
    types = {re.sub(r"\.<\w+>$", "", type) for type in types_in_the_code()}
    assert types | documented_only == TYPES
    for type in types_in_the_code():
        assert type.endswith(("<schema>", "<processor>")) == (type.rpartition(".<")[0] in SUFFIXED_TYPES)


def samples() -> list[Event]:
    blob = Blob(
        id="blob-1", user_id="user-ana", processor_id="user-input", schema_id="s-v1", schema_version="1.0.0", data={},
        size=2, created_by="user-ana", changed_by="user-ana", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    bucket = Bucket(id="bucket-1", user_id="user-ana", name="B", type="b", rank="h", created_at=NOW, updated_at=NOW)
    place = Placement(
        id="bucket-1:blob-1", user_id="user-ana", bucket_id="bucket-1", blob_id="blob-1", rank="h", created_at=NOW
    )
    processor = Processor(
        id="p", version="1.0.0", name="P", input_schemas=(), output_schema="s-v1", registered_at=NOW, updated_at=NOW
    )
    instance = Instance(id="instance-1", user_id="user-ana", processor_id="p", created_at=NOW, updated_at=NOW)
    run = Run(
        id="run-1", user_id="user-ana", processor_id="p", processor_version="1.0.0", blob_id="blob-1",
        blob_revision=1, requested_at=NOW, output_blob_ids=("blob-2",),
    )  # fmt: skip
    return [
        blob.event("created", ANA),
        bucket.event("created", ANA),
        place.event("added", ANA),
        processor.event("registered", ANA),
        instance.event("changed", ANA),
        run.event("completed", ANA),
    ]


@pytest.mark.parametrize("event", samples(), ids=lambda event: event.type)
def test_every_field_of_an_event_is_documented(event: Event) -> None:
    documented = documented_events()[
        re.sub(r"\.s-v1$", ".<schema>", re.sub(r"completed\.p$", "completed.<processor>", event.type))
    ]
    assert event.data.keys() <= documented
    assert event.data.keys() >= documented - {"dropped"}
