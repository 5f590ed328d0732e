"""`reyna template` against a stand-in for the studio."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from typer.testing import CliRunner

from reyna.cli.template.commands import app
from reyna.domain.templates.template import describe_template
from tests.cli.pipeline.test_commands import Studio, studio  # noqa: F401 - the fixture
from tests.domain.templates.samples import bucket, document, text

DOCUMENT = document(bucket("Chapter {chapter}", text("x"), times="chapters"))
TEMPLATE = msgspec.to_builtins(describe_template(DOCUMENT, id="template-1", user_id="user-ana", left_out=2))
BUCKET = {
    "id": "bucket-1",
    "user_id": "user-ana",
    "name": "My book",
    "type": "draft",
    "rank": "a",
    "child_count": 3,
    "created_at": "2026-05-04T12:00:00Z",
    "updated_at": "2026-05-04T12:00:00Z",
}


def run(studio: Studio, *arguments: str) -> tuple[int, str]:  # noqa: F811
    result = CliRunner().invoke(app, list(arguments), env={"REYNA_URL": studio.url, "REYNA_TOKEN": "token"})
    return result.exit_code, result.output


def test_templates_are_listed_and_shown(studio: Studio) -> None:  # noqa: F811
    studio.answers["GET /templates?limit=200"] = {"items": [TEMPLATE], "next_cursor": "n"}
    studio.answers["GET /templates?limit=200&cursor=n"] = {"items": [TEMPLATE], "next_cursor": None}
    studio.answers["GET /templates/template-1"] = TEMPLATE
    _, listed = run(studio, "list")
    assert listed.count("template-1") == 2
    assert "chapters=2" in listed
    _, shown = run(studio, "show", "template-1")
    assert "chapters: Chapters (0 to 20, else 2)" in shown
    assert "Chapter 1  (scene)  x 2" in shown


def test_a_template_is_used_with_its_parameters(studio: Studio) -> None:  # noqa: F811
    studio.answers["GET /templates/template-1"] = TEMPLATE
    studio.answers["POST /templates/template-1/instantiate"] = BUCKET
    code, output = run(studio, "use", "template-1", "My book", "--set", "chapters=3", "--set", "hero=4")
    assert (code, output) == (0, "bucket-1  My book: 3 buckets and 0 texts in it.\n")
    sent: dict[str, Any] = {"name": "My book", "parent_bucket_id": None, "parameters": {"chapters": 3, "hero": "4"}}
    assert studio.sent[-1] == ("POST /templates/template-1/instantiate", sent)


@pytest.mark.parametrize("given", ["chapters", "chapters=three"])
def test_a_value_that_cannot_be_read_is_refused_before_anything_is_made(studio: Studio, given: str) -> None:  # noqa: F811
    studio.answers["GET /templates/template-1"] = TEMPLATE
    assert run(studio, "use", "template-1", "My book", "--set", given)[0] != 0
    assert len(studio.sent) == 1


def test_a_bucket_is_saved_exported_imported_and_deleted(studio: Studio, tmp_path: Path) -> None:  # noqa: F811
    studio.answers["POST /templates"] = studio.answers["POST /templates/import"] = TEMPLATE
    studio.answers["GET /templates/template-1/file"] = msgspec.to_builtins(DOCUMENT)
    _, saved = run(studio, "save", "bucket-1", "Mine", "--texts")
    assert "Left out: 2 texts" in saved
    assert studio.sent[-1][1] == {"bucket_id": "bucket-1", "name": "Mine", "description": "", "texts": True}
    file = tmp_path / "mine.json"
    assert run(studio, "export", "template-1", "-o", str(file))[0] == 0
    assert run(studio, "import", str(file))[0] == 0
    assert studio.sent[-1] == ("POST /templates/import", msgspec.json.decode(msgspec.json.encode(DOCUMENT)))
    assert run(studio, "import", str(tmp_path / "none.json"))[0] != 0
    assert run(studio, "delete", "template-1") == (0, "template-1 is deleted.\n")
