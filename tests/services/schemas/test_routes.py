"""The REST routes of the schema service."""

from typing import Any

import pytest

from tests.services.schemas.conftest import Client

RECIPE: dict[str, Any] = {"name": "recipe", "kind": "blob", "json_schema": {"required": ["dish"]}}


async def test_a_schema_is_registered_and_found(client: Client) -> None:
    answer = await client.post("/schemas", json=RECIPE)
    assert answer.status_code == 201
    assert set(answer.json()) >= {
        *("id", "name", "major", "version", "kind", "scope", "json_schema", "compatibility", "fingerprint"),
        *("description", "created_at", "created_by"),
    }
    for path in ("/schemas/recipe-v1", "/schemas/recipe-v1/versions/1.0.0"):
        assert (await client.get(path)).json() == answer.json()
    page = (await client.get("/schemas/recipe-v1/versions")).json()
    assert page == {"items": [answer.json()], "next_cursor": None}


async def test_a_list_is_filtered_and_paged(client: Client) -> None:
    page = (await client.get("/schemas", params={"kind": "bucket", "limit": 3})).json()
    assert [schema["id"] for schema in page["items"]] == ["album-v1", "book-v1", "chapter-v1"]
    rest = (await client.get("/schemas", params={"kind": "bucket", "cursor": page["next_cursor"]})).json()
    assert [schema["id"] for schema in rest["items"]] == ["track-v1"]
    assert rest["next_cursor"] is None


async def test_data_is_validated(client: Client) -> None:
    answer = await client.post("/schemas/text-input-v1/validate", json={"data": {"content": 3}})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["valid"], body["version"]) == (False, "1.0.0")
    assert body["errors"] == [
        {
            "path": "/content",
            "message": 'the value is not of type "string"',
            "expected": "string",
            "schema_path": "/properties/content/type",
        }
    ]
    fine = {"data": {"content": "The ship sailed into the storm."}, "version": "1.0.0"}
    assert (await client.post("/schemas/text-input-v1/validate", json=fine)).json()["valid"]


async def test_a_change_is_checked_before_it_is_registered(client: Client) -> None:
    await client.post("/schemas", json=RECIPE)
    changed = {"name": "recipe", "json_schema": {"required": ["dish", "author"]}}
    answer = await client.post("/schemas/check", json=changed)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["compatible"], body["bump"], body["next_version"]) == (False, "major", "2.0.0")
    [difference] = body["differences"]
    assert difference | {"counterexample": 0, "hint": 0} == {
        "path": "/required",
        "rule": "required",
        "message": "author: was optional, is required (required).",
        "breaks": ["backward"],
        "counterexample": 0,
        "hint": 0,
    }
    assert difference["counterexample"].keys() == {"dish"}


async def test_the_mode_of_an_id_is_set(client: Client) -> None:
    await client.post("/schemas", json=RECIPE)
    answer = await client.put("/schemas/recipe-v1/compatibility", json={"mode": "none"})
    assert (answer.status_code, answer.json()["compatibility"]) == (200, "none")
    changed = RECIPE | {"version": "1.0.1", "json_schema": {"type": "string"}}
    assert (await client.post("/schemas", json=changed)).status_code == 201


async def test_an_upgrade_comes_with_a_major_and_can_be_set_later(client: Client) -> None:
    await client.post("/schemas", json=RECIPE)
    steps = {"steps": [{"do": "set", "path": "/author", "value": "unknown"}]}
    changed = RECIPE | {"json_schema": {"required": ["dish", "author"]}, "upgrade": steps}
    answer = await client.post("/schemas", json=changed)
    assert (answer.status_code, answer.json()["id"], answer.json()["upgrade"]) == (201, "recipe-v2", steps)
    patch = {"patch": [{"op": "add", "path": "/author", "value": "ana"}]}
    assert (await client.put("/schemas/recipe-v2/upgrade", json=patch)).json()["upgrade"] == patch
    assert (await client.get("/schemas/recipe-v2")).json()["upgrade"] == patch
    for wrong in ({}, {"steps": [{"do": "mend", "path": "/a"}]}, {"patch": [{"op": "add", "path": "/a"}]}):
        assert (await client.put("/schemas/recipe-v2/upgrade", json=wrong)).status_code == 422
    assert (await client.put("/schemas/recipe-v1/upgrade", json=patch)).status_code == 422


async def test_a_version_too_small_is_a_problem_with_the_differences(client: Client) -> None:
    await client.post("/schemas", json=RECIPE)
    answer = await client.post("/schemas", json=RECIPE | {"version": "1.0.1", "json_schema": {"type": "string"}})
    assert answer.status_code == 422
    assert answer.json()["next_version"] == "2.0.0"
    assert answer.json()["differences"][0]["breaks"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/schemas", RECIPE | {"json_schema": {"type": "strin"}}, 422),
        ("/schemas", RECIPE | {"name": "Not A Slug"}, 422),
        ("/schemas", RECIPE | {"version": "1"}, 422),
        ("/schemas", RECIPE | {"kind": "song"}, 422),
        ("/schemas", RECIPE | {"colour": "red"}, 422),
        ("/schemas", {"name": "recipe"}, 422),
        ("/schemas", RECIPE | {"name": "text-input"}, 409),
        ("/schemas", RECIPE | {"json_schema": {"description": "x" * 300_000}}, 413),
        ("/schemas/nothing-v1/validate", {"data": 1}, 404),
        ("/schemas/check", {"json_schema": {}}, 422),
        ("/schemas/check", {"id": "nothing-v1", "json_schema": {}}, 404),
        ("/schemas/text-input-v1/validate", {}, 422),
        ("/schemas/text-input-v1/validate", {"data": 1, "schema": "x"}, 422),
    ],
)
async def test_a_refusal_is_a_problem(client: Client, path: str, body: Any, status: int) -> None:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ["/schemas?limit=0", "/schemas?limit=201", "/schemas?cursor=x", "/schemas?nme=x"])
async def test_a_question_that_makes_no_sense_is_refused(client: Client, path: str) -> None:
    assert (await client.get(path)).status_code == 422


async def test_another_user_does_not_see_it(client: Client) -> None:
    await client.post("/schemas", json=RECIPE)
    answer = await client.get("/schemas/recipe-v1", headers={"authorization": "Bearer user-bo"})
    assert answer.status_code == 404


async def test_the_doors_are_documented(client: Client) -> None:
    paths = (await client.get("/schema/openapi.json")).json()["paths"]
    assert {
        "/schemas",
        "/schemas/check",
        "/schemas/{id}",
        "/schemas/{id}/validate",
        "/schemas/{id}/versions/{version}",
    } <= set(paths)
