"""Isolation of users: bo sees nothing of ana's by any route, socket action, event or cursor."""

import asyncio
from typing import Any, Final, get_args

import httpx
import msgspec
import pytest
from nats.aio.client import Client

from reyna.services.studio.gateway import protocol
from tests.journeys.application import SERVICES, Application
from tests.journeys.people import Frame, Person, body_of, rest
from tests.journeys.template_requests import TEMPLATE_REQUESTS
from tests.journeys.webhook_requests import NEW_WEBHOOK, WEBHOOK_REQUESTS

pytestmark = pytest.mark.usefixtures("failing_processor")
WORDS: Final = "Nobody but me may ever read this."
UNKNOWN: Final = "7zzzzzzzzzzzzzzzzzzzzzzzz"  # the end of an id that nobody has, but for its last character
PROCESSOR: Final = {
    "id": "mine",
    "version": "1.0.0",
    "name": "Mine",
    "input_schemas": ["text-input-v1"],
    "output_schema": "text-input-v1",
}
NOTE: Final = {"schema_id": "text-input-v1", "data": {"content": "mine"}}

PLACES_HERS: Final = {"action": "place_blob", "bucket_id": "{my_bucket}", "blob_id": "{blob}"}

READS_BY_ID: Final = (("/files", "{file}", ""), ("/files", "{file}", "/meta"), ("/tasks", "{task}", ""))
# Every route by which something of hers can be named, and what is sent: {blob}, {bucket}, … are hers, {my_…} are bo's.
NAMES_HERS: Final[list[tuple[str, str, Any]]] = [
    ("GET /schemas/{id}", "/schemas/{schema}", None),
    ("GET /schemas/{id}/versions", "/schemas/{schema}/versions", None),
    ("GET /schemas/{id}/versions/{version}", "/schemas/{schema}/versions/1.0.0", None),
    ("POST /schemas/{id}/validate", "/schemas/{schema}/validate", {"data": {}}),
    ("POST /schemas/check", "/schemas/check", {"id": "{schema}", "json_schema": {"type": "object"}}),
    ("PUT /schemas/{id}/compatibility", "/schemas/{schema}/compatibility", {"mode": "none"}),
    ("GET /schemas/{id}/usage", "/schemas/{schema}/usage", None),
    ("PUT /schemas/{id}/upgrade", "/schemas/{schema}/upgrade", {"steps": []}),
    ("GET /blobs", "/blobs?bucket_id={bucket}", None),
    ("GET /blobs", "/blobs?parent_id={blob}", None),
    ("GET /blobs", "/blobs?schema_id={schema}", None),
    ("POST /blobs", "/blobs", NOTE | {"bucket_ids": ["{bucket}"]}),
    ("POST /blobs", "/blobs", NOTE | {"bucket_ids": ["{my_bucket}", "{child}"]}),
    ("POST /blobs", "/blobs", NOTE | {"parent_id": "{blob}"}),
    ("POST /blobs", "/blobs", {"schema_id": "{schema}", "data": {}}),
    ("GET /blobs/{id}", "/blobs/{blob}", None),
    ("PATCH /blobs/{id}", "/blobs/{blob}", {"data": {"content": "bo was here"}, "base_revision": 1}),
    ("PATCH /blobs/{id}", "/blobs/{blob}", {"merge_patch": {"title": "bo was here"}, "base_revision": 1}),
    ("PATCH /blobs/{id}", "/blobs/{blob}", {"json_patch": [{"op": "remove", "path": "/title"}], "base_revision": 1}),
    ("PUT /blobs/{id}/revisions/{number}/name", "/blobs/{blob}/revisions/1/name", {"name": "bo was here"}),
    ("DELETE /blobs/{id}/revisions/{number}/name", "/blobs/{blob}/revisions/1/name", None),
    ("DELETE /blobs/{id}", "/blobs/{blob}", None),
    ("POST /blobs/{id}/restore", "/blobs/{blob}/restore", {"revision": 1}),
    ("POST /blobs/{id}/restore", "/blobs/{trashed}/restore", None),
    ("POST /blobs/{id}/accept", "/blobs/{my_blob}/accept", {"derived_blob_id": "{blob}"}),
    ("GET /blobs/{id}/revisions", "/blobs/{blob}/revisions", None),
    ("GET /blobs/{id}/revisions/{number}", "/blobs/{blob}/revisions/1", None),
    ("GET /blobs/{id}/revisions", "/blobs/{blob}/revisions?named=true", None),
    ("GET /blobs/{id}/diff", "/blobs/{blob}/diff?from=1", None),
    ("GET /blobs/{id}/lineage", "/blobs/{blob}/lineage", None),
    ("GET /blobs/{id}/places", "/blobs/{blob}/places", None),
    ("GET /search", "/search?bucket_id={bucket}", None),
    ("GET /buckets", "/buckets?parent_bucket_id={bucket}", None),
    ("POST /buckets", "/buckets", {"name": "mine", "type": "scene", "parent_bucket_id": "{bucket}"}),
    ("POST /buckets", "/buckets", {"name": "mine", "type": "scene", "after": "{bucket}"}),
    ("GET /buckets/{id}", "/buckets/{bucket}", None),
    ("PATCH /buckets/{id}", "/buckets/{bucket}", {"name": "bo's", "base_revision": 1}),
    ("POST /buckets/{id}/move", "/buckets/{child}/move", {"parent_bucket_id": "{my_bucket}"}),
    ("POST /buckets/{id}/move", "/buckets/{my_bucket}/move", {"parent_bucket_id": "{bucket}"}),
    ("POST /buckets/{id}/move", "/buckets/{my_bucket}/move", {"parent_bucket_id": None, "after": "{bucket}"}),
    ("POST /buckets/{id}/copy", "/buckets/{bucket}/copy", {"deep": True}),
    ("POST /buckets/{id}/copy", "/buckets/{my_bucket}/copy", {"parent_bucket_id": "{bucket}"}),
    ("POST /buckets/{id}/copy", "/buckets/{my_bucket}/copy", {"parent_bucket_id": None, "after": "{bucket}"}),
    ("POST /bulk", "/bulk", {"operations": [{"action": "trash_bucket", "bucket_id": "{bucket}"}]}),
    ("POST /bulk", "/bulk", {"operations": [{"action": "create_blob", "bucket_ids": ["{bucket}"]} | NOTE]}),
    ("POST /bulk", "/bulk", {"operations": [PLACES_HERS]}),
    ("DELETE /buckets/{id}", "/buckets/{bucket}", None),
    ("POST /buckets/{id}/restore", "/buckets/{trashed_bucket}/restore", None),
    ("POST /buckets/{id}/restore", "/buckets/{trashed_bucket}/restore", {"parent_bucket_id": "{my_bucket}"}),
    ("POST /buckets/{id}/restore", "/buckets/{my_trashed}/restore", {"parent_bucket_id": "{bucket}"}),
    ("DELETE /trash/{id}", "/trash/{trashed}", None),
    ("DELETE /trash/{id}", "/trash/{trashed_bucket}", None),
    ("GET /buckets/{id}/tree", "/buckets/{bucket}/tree", None),
    ("GET /buckets/{id}/items", "/buckets/{bucket}/items", None),
    ("GET /buckets/{id}/contents", "/buckets/{bucket}/contents", None),
    ("PUT /buckets/{id}/blobs/{blob_id}", "/buckets/{bucket}/blobs/{blob}", {}),
    ("PUT /buckets/{id}/blobs/{blob_id}", "/buckets/{my_bucket}/blobs/{blob}", {}),
    ("PUT /buckets/{id}/blobs/{blob_id}", "/buckets/{bucket}/blobs/{my_blob}", {}),
    ("PUT /buckets/{id}/blobs/{blob_id}", "/buckets/{my_bucket}/blobs/{my_blob}", {"after": "{blob}"}),
    ("DELETE /buckets/{id}/blobs/{blob_id}", "/buckets/{bucket}/blobs/{blob}", None),
    *(*TEMPLATE_REQUESTS, *WEBHOOK_REQUESTS),
    ("POST /upgrades", "/upgrades", {"from": "{schema}", "to": "{next_schema}"}),
    ("GET /upgrades/{id}", "/upgrades/{upgrade}", None),
    ("POST /upgrades/{id}/cancel", "/upgrades/{upgrade}/cancel", None),
    ("GET /blobs/{id}", "/blobs/{blob}?schema_version=1", None),
    ("GET /processors/{id}", "/processors/{processor}", None),
    ("GET /processors/{id}/versions", "/processors/{processor}/versions", None),
    ("DELETE /processors/{id}", "/processors/{processor}", None),
    ("POST /processors", "/processors", PROCESSOR | {"input_schemas": ["text-input-v1", "{schema}"]}),
    ("POST /instances", "/instances", {"processor_id": "{processor}"}),
    ("POST /runs", "/runs", {"processor_id": "{processor}", "blob_ids": ["{my_blob}"]}),
    ("POST /instances", "/instances", {"processor_id": "text-expansion", "bucket_id": "{bucket}"}),
    ("PATCH /instances/{id}", "/instances/{instance}", {"enabled": True}),
    ("DELETE /instances/{id}", "/instances/{instance}", None),
    ("PATCH /models/{id}", "/models/{model}", {"name": "Mine"}),
    ("DELETE /models/{id}", "/models/{model}", None),
    ("POST /models/{id}/test", "/models/{model}/test", None),
    ("DELETE /keys/{id}", "/keys/{key}", None),
    ("DELETE /sessions/{id}", "/sessions/{session}", None),
    ("POST /keys/{id}/rotate", "/keys/{key}/rotate", None),
    ("POST /keys", "/keys", {"name": "Mine", "buckets": ["{bucket}"]}),
    ("POST /runs", "/runs", {"processor_id": "text-expansion", "blob_ids": ["{blob}"]}),
    ("POST /runs", "/runs", {"processor_id": "text-expansion", "blob_ids": ["{my_blob}", "{blob}"]}),
    ("POST /runs", "/runs", {"processor_id": "text-expansion", "bucket_id": "{bucket}"}),
    ("POST /runs", "/runs", {"pipeline": ["text-expansion"], "blob_ids": ["{blob}"]}),
    ("POST /runs", "/runs", {"pipeline": ["text-expansion"], "bucket_id": "{bucket}"}),
    ("POST /runs", "/runs", {"pipeline_id": "{pipeline}", "blob_ids": ["{my_blob}"]}),
    ("POST /pipelines", "/pipelines", {"name": "Hers", "stages": [{"processor_id": "{processor}"}]}),
    ("GET /pipelines/{id}", "/pipelines/{pipeline}", None),
    ("PATCH /pipelines/{id}", "/pipelines/{pipeline}", {"name": "Mine"}),
    ("DELETE /pipelines/{id}", "/pipelines/{pipeline}", None),
    ("GET /batches", "/batches?bucket_id={bucket}", None),
    ("GET /batches/{id}", "/batches/{batch}", None),
    ("GET /batches/{id}/skipped", "/batches/{batch}/skipped", None),
    ("POST /batches/{id}/cancel", "/batches/{batch}/cancel", None),
    ("GET /runs", "/runs?batch_id={batch}", None),
    ("POST /runs/estimate", "/runs/estimate", {"processor_id": "text-expansion", "blob_ids": ["{blob}"]}),
    ("POST /runs/estimate", "/runs/estimate", {"processor_id": "text-expansion", "bucket_id": "{bucket}"}),
    ("POST /runs/estimate", "/runs/estimate", {"processor_id": "{processor}", "blob_ids": ["{my_blob}"]}),
    ("GET /runs", "/runs?blob_id={blob}", None),
    ("GET /runs/{id}", "/runs/{run}", None),
    ("POST /runs/{id}/cancel", "/runs/{run}/cancel", None),
    ("POST /runs/{id}/retry", "/runs/{run}/retry", None),
    ("POST /runs/{id}/retry", "/runs/{run}/retry", {"from_start": True}),
    ("GET /runs/{id}/steps/{name}", "/runs/{run}/steps/one", None),
    *((f"{way} /files/uploads/{{id}}", "/files/uploads/{upload}", None) for way in ("GET", "PATCH", "DELETE")),
    *(("GET /export", "/export?bucket_id={bucket}", None), ("POST /import", "/import?bucket_id={bucket}", NOTE)),
    *((f"GET {path}/{{id}}{part}", f"{path}/{id}{part}", None) for path, id, part in READS_BY_ID),
    ("GET /runs/{id}/prompt", "/runs/{run}/prompt", None),
    ("POST /work/{processor_id}/claim", "/work/{processor}/claim", {"worker": "bo", "version": "1.0.0"}),
    ("POST /dead/{id}/replay", "/dead/{dead}/replay", {"data": {"content": "bo was here"}}),
    ("DELETE /dead/{id}", "/dead/{dead}", None),
]
# Filters answer an empty list for what is not there, and a schema that is not there is a mistake in the request.
NOT_404: Final = {
    "/blobs?parent_id={blob}": 200,
    "/blobs?schema_id={schema}": 200,
    "/runs?blob_id={blob}": 200,
    "/runs?batch_id={batch}": 200,
    "/batches?bucket_id={bucket}": 200,
    "/pipelines": 422,
    "/buckets?parent_bucket_id={bucket}": 200,
    "/upgrades": 422,
    "/processors": 422,
}
# Routes that tell without being told what: nothing of hers may be among it.
TELLS: Final = [
    "/schemas?limit=200",
    "/schemas/text-input-v1/usage",
    "/blobs",
    "/buckets",
    "/buckets?parent_bucket_id=none",
    *("/search", "/search?q=ever", "/tree", "/trash", "/journal"),
    "/events?limit=200",
    "/instances",
    *("/models", "/webhooks", "/keys", "/sessions", "/audit", "/pipelines", "/batches"),
    *("/runs", "/dead", "/upgrades"),
    "/processors",
    "/processors/text-expansion",
    "/me",
    *("/files", "/costs", "/tasks", "/templates?limit=200"),
    *("/costs?by=processor", "/me/spending-cap"),
]
# Routes that have nothing to do with what somebody made; undoing has a test of its own.
OF_NOBODY: Final = {
    "POST /dead/replay",  # all of one's own
    "PUT /runs/{id}/prompts",
    "PUT /runs/{id}/steps/{name}",  # these take the token of the run alone
    "POST /runs/{id}/beat",
    "POST /runs/{id}/progress",
    "POST /runs/{id}/complete",
    "POST /runs/{id}/refuse",
    "POST /runs/{id}/fail",
    "POST /runs/{id}/costs",
    "PUT /me/spending-cap",  # one's own alone
    "DELETE /me/spending-cap",
    "POST /undo",
    "POST /redo",
    "DELETE /trash",
    "POST /migrate/legacy",  # its lines name nothing but each other
    *("POST /schemas", "POST /models", "POST /templates/import", "POST /webhooks"),
    *("POST /files", "POST /files/uploads"),
    *("PATCH /me", "POST /me/password", "DELETE /sessions"),
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/link",
    "POST /auth/logout",
    "GET /auth/registration",
}
SAYS: Final[list[tuple[str, dict[str, Any]]]] = [
    ("create_blob", NOTE | {"bucket_ids": ["{bucket}"]}),
    ("create_blob", NOTE | {"parent_id": "{blob}"}),
    ("update_blob", {"blob_id": "{blob}", "data": {"content": "bo was here"}, "base_revision": 1}),
    ("accept_blob", {"blob_id": "{blob}", "derived_blob_id": "{my_blob}"}),
    ("name_revision", {"blob_id": "{blob}", "number": 1, "name": "bo was here"}),
    ("trash_blob", {"blob_id": "{blob}"}),
    ("restore_blob", {"blob_id": "{trashed}"}),
    ("create_bucket", {"name": "mine", "type": "scene", "parent_bucket_id": "{bucket}"}),
    ("update_bucket", {"bucket_id": "{bucket}", "name": "bo's", "base_revision": 1}),
    ("move_bucket", {"bucket_id": "{child}", "parent_bucket_id": "{my_bucket}"}),
    ("move_bucket", {"bucket_id": "{my_bucket}", "parent_bucket_id": "{bucket}"}),
    ("copy_bucket", {"bucket_id": "{bucket}", "deep": True}),
    ("copy_bucket", {"bucket_id": "{my_bucket}", "parent_bucket_id": "{bucket}"}),
    ("bulk", {"operations": [PLACES_HERS]}),
    ("trash_bucket", {"bucket_id": "{bucket}"}),
    ("restore_bucket", {"bucket_id": "{trashed_bucket}"}),
    ("place_blob", {"bucket_id": "{my_bucket}", "blob_id": "{blob}"}),
    ("place_blob", {"bucket_id": "{bucket}", "blob_id": "{my_blob}"}),
    ("take_out_blob", {"bucket_id": "{bucket}", "blob_id": "{blob}"}),
    ("run_processor", {"processor_id": "text-expansion", "blob_ids": ["{blob}"]}),
    ("run_processor", {"processor_id": "{processor}", "blob_ids": ["{my_blob}"]}),
    ("run_processor", {"processor_id": "text-expansion", "bucket_id": "{bucket}"}),
    ("cancel_run", {"run_id": "{run}"}),
]
SAYS_NOTHING_OF_HERS: Final = {"authenticate", "ping"} | {"subscribe", "resume", "undo", "redo"}  # tested by themselves

SWITCHED_OFF: Final = {"processor_id": "text-expansion", "enabled": False}
UPLOAD: Final = {"tus-resumable": "1.0.0", "upload-length": "10"}
MODEL_KEY: Final = "sk-of-ana-0123456789"
Ids = dict[str, str]


async def belongings(ana: Person) -> Ids:
    """One of everything that a user can have; its ids by what they are."""
    device = await ana.device()
    schema = await ana.post("/schemas", {"name": f"diary-{ana.id[-6:]}", "json_schema": {"type": "object"}})
    stricter = {"type": "object", "required": ["day"]}
    day = {"steps": [{"do": "set", "path": "/day", "value": 1}]}
    later = await ana.post("/schemas", {"name": schema["name"], "json_schema": stricter, "upgrade": day})
    upgrade = await ana.post("/upgrades", {"from": schema["id"], "to": later["id"]})
    await device.wait_for("upgrade.completed", upgrade_id=upgrade["id"])
    takes = {"input_schemas": [schema["id"], "text-input-v1"]}
    processor = await ana.post("/processors", PROCESSOR | takes | {"id": f"own-{ana.id[-6:]}"})
    bucket = await ana.post("/buckets", {"name": "Diary", "type": "diary"})
    child = await ana.post("/buckets", {"name": "May", "type": "month", "parent_bucket_id": bucket["id"]})
    note = {"schema_id": "text-input-v1", "data": {"content": WORDS}, "bucket_ids": [bucket["id"], child["id"]]}
    blob = await ana.post("/blobs", note)
    short = await ana.post("/blobs", NOTE | {"data": {"content": "Short."}})
    pipeline = await ana.post("/pipelines", {"name": "Breaking", "stages": [{"processor_id": "breaking"}]})
    requested = await ana.post("/runs", {"pipeline_id": pipeline["id"], "blob_ids": [short["id"]]})
    (run,), batch = requested["items"], {"id": requested["batch_id"]}
    await device.wait_for("processor.failed", run_id=run["id"])
    (dead,) = (await ana.get("/dead"))["items"]
    (instance,) = (await ana.get("/instances"))["items"] or [await ana.post("/instances", SWITCHED_OFF)]
    model = await ana.post("/models", {"name": "Big", "provider": "openai", "key": MODEL_KEY, "model": "big-1"})
    trashed = await ana.post("/blobs", note)
    trashed_bucket = await ana.post("/buckets", {"name": "Old", "type": "diary"})
    body_of(await ana.rest.put("/me/spending-cap", json={"amount": "31.41"}))
    for path in (f"/blobs/{trashed['id']}", f"/buckets/{trashed_bucket['id']}"):
        body_of(await ana.rest.delete(path))
    made = {"schema": schema, "next_schema": later, "upgrade": upgrade, "bucket": bucket, "child": child, "blob": blob}
    made |= {"processor": processor, "trashed": trashed, "trashed_bucket": trashed_bucket, "model": model}
    task = await ana.post("/import?name=a.md", {"content": WORDS})
    made |= {"webhook": await ana.post("/webhooks", NEW_WEBHOOK)}
    made |= {"task": task, "upload": body_of(await ana.rest.post("/files/uploads", headers=UPLOAD))}
    made |= {"template": await ana.post("/templates", {"bucket_id": bucket["id"], "name": WORDS, "texts": True})}
    made |= {"key": await ana.post("/keys", {"name": "Script"}), "session": (await ana.get("/sessions"))["items"][0]}
    made |= {"pipeline": pipeline, "batch": batch, "file": await ana.post("/files", {"content": WORDS})}
    return {name: one["id"] for name, one in (made | {"run": run, "dead": dead, "instance": instance}).items()}


async def own(bo: Person) -> Ids:
    bucket = await bo.post("/buckets", {"name": "Mine", "type": "scene"})
    blob = await bo.post("/blobs", NOTE | {"bucket_ids": [bucket["id"]]})
    trashed = await bo.post("/buckets", {"name": "Old", "type": "scene"})
    body_of(await bo.rest.delete(f"/buckets/{trashed['id']}"))
    return {"my_bucket": bucket["id"], "my_blob": blob["id"], "my_trashed": trashed["id"]}


def of_nobody(hers: Ids) -> Ids:
    """Ids of the same form that nobody has, each another one."""
    ids = {name: f"{id[:-26]}{UNKNOWN}{number}" for number, (name, id) in enumerate(hers.items())}
    return ids | {"schema": "no-such-schema-v1", "next_schema": "no-such-schema-v2", "processor": "no-such-processor"}


def filled(template: Any, ids: Ids) -> Any:
    """The template with these ids in it."""
    if isinstance(template, str):
        return template.format(**ids)
    if isinstance(template, dict):
        return {key: filled(value, ids) for key, value in template.items()}
    return [filled(value, ids) for value in template] if isinstance(template, list) else template


def emptied(text: str, ids: Ids) -> str:
    """The text with the names of these ids in their place, so that two answers can be compared."""
    for name, id in ids.items():
        text = text.replace(id, name)
    return text


async def snapshot(ana: Person) -> list[Any]:
    """All that ana has."""
    pages = [
        "/blobs",
        "/buckets",
        "/processors",
        "/instances",
        *("/models", "/webhooks", "/keys", "/pipelines", "/batches"),
        "/runs",
        *("/dead", "/tree", "/trash", "/journal", "/files", "/tasks", "/templates?limit=200"),
        "/me/spending-cap",
    ]
    revisions = [f"/blobs/{blob['id']}/revisions" for blob in await ana.all("/blobs")]
    return [await ana.get(page) for page in [*pages, *revisions]]


async def routes(client: httpx.AsyncClient, address: str) -> set[str]:
    """Returns every route of this service, such as `GET /blobs/{id}`."""
    described = body_of(await client.get(f"{address}/schema/openapi.json"))
    return {
        f"{method.upper()} {path.removeprefix('/api').rstrip('/')}"
        for path, methods in described["paths"].items()
        for method in methods
        if method != "parameters"
    }


async def send_request(service: httpx.AsyncClient, route: str, path: str, body: Any, ids: Ids) -> httpx.Response:
    return await service.request(route.partition(" ")[0], filled(path, ids), json=filled(body, ids))


async def test_by_no_route_does_bo_reach_anything_of_anas(application: Application, ana: Person, bo: Person) -> None:
    hers, mine = await belongings(ana), await own(bo)
    nobodys = of_nobody(hers)
    before, wrong = await snapshot(ana), list[str]()
    for service in SERVICES:
        address = application.url_of(service) + ("/api" if service == "studio" else "")
        async with rest(address, bo.token) as asking:
            there = await routes(asking, application.url_of(service))
            for route, path, body in NAMES_HERS:
                if route not in there:
                    continue
                seen = await send_request(asking, route, path, body, hers | mine)
                unseen = await send_request(asking, route, path, body, nobodys | mine)
                expected = 422 if body and "schema_id" in body and "{" in body["schema_id"] else NOT_404.get(path, 404)
                shown = (seen.status_code, emptied(seen.text, hers))
                if shown != (unseen.status_code, emptied(unseen.text, nobodys)) or seen.status_code != expected:
                    wrong.append(f"{service}: {route} {path} {body}: {shown}, and of nobody's {unseen.text}")
    assert wrong == []
    assert await snapshot(ana) == before


async def test_no_list_tells_bo_of_anything_of_anas(application: Application, ana: Person, bo: Person) -> None:
    hers = await belongings(ana)
    leaks = list[str]()
    for path in TELLS:
        answer = await bo.rest.get(path)
        body_of(answer)
        text = answer.text
        leaks += [f"{path}: {secret}" for secret in (*hers.values(), ana.id, ana.email, WORDS) if secret in text]
    assert leaks == []


async def test_every_route_of_the_application_was_tried(application: Application, ana: Person) -> None:
    tried = {route for route, _, _ in NAMES_HERS} | OF_NOBODY
    tried |= {f"GET {path.partition('?')[0]}" for path in TELLS} | {"GET /processors/{id}"}
    for service in SERVICES:
        untried = await routes(ana.rest, application.url_of(service)) - tried
        assert untried == set(), f"say in this file how bo might try {untried}"


async def test_by_no_word_on_the_socket_does_bo_reach_anything_of_anas(ana: Person, bo: Person) -> None:
    hers, mine = await belongings(ana), await own(bo)
    nobodys = of_nobody(hers)
    before, wrong = await snapshot(ana), list[str]()
    device = await bo.device()
    for action, fields in SAYS:
        seen = await device.request(action, **filled(fields, hers | mine))
        unseen = await device.request(action, **filled(fields, nobodys | mine))
        if seen.get("code") != "not_found" or anonymous(seen, hers) != anonymous(unseen, nobodys):
            wrong.append(f"{action} {fields}: {seen}, and of nobody's {unseen}")
    assert wrong == []
    assert await snapshot(ana) == before
    actions = {kind.__struct_config__.tag for kind in get_args(protocol.Message)}
    assert actions == {action for action, _ in SAYS} | SAYS_NOTHING_OF_HERS


def anonymous(answer: Frame, ids: Ids) -> str:
    return emptied(msgspec.json.encode(answer | {"request_id": None}).decode(), ids)


async def test_bo_cannot_undo_what_ana_did(ana: Person, bo: Person) -> None:
    await belongings(ana)
    await own(bo)
    before, his = await snapshot(ana), await bo.device()
    for _ in range(10):
        await bo.rest.post("/undo")
        await his.request("undo")
    assert await snapshot(ana) == before
    for _ in range(10):
        await bo.rest.post("/redo")
        await his.request("redo")
    assert await snapshot(ana) == before


async def test_bo_hears_nothing_while_ana_works(ana: Person, bo: Person) -> None:
    hers = await ana.device()
    silent, curious = await bo.device(), await bo.device()
    bucket = (await hers.do("create_bucket", name="Diary", type="diary"))["bucket"]
    await curious.do("subscribe", buckets=[bucket["id"]], types=["blob.*", "bucket.*", "processor.*"])
    assert (await curious.request("subscribe", types=[">"]))["code"] == "invalid"
    await curious.do("subscribe", types=[f"blob.created.{ana.id}", "*", "blob.created"])
    notes = [await hers.write_note(f"{WORDS} {number}", bucket_ids=[bucket["id"]]) for number in range(20)]
    await hers.wait_for_all([note["id"] for note in notes])
    own_note = await silent.write_note("mine")
    for device in (silent, curious):
        frames = await device.receive_until(lambda frame: frame["type"] == "blob.created")
        assert [frame.get("blob_id") for frame in frames] == [own_note["id"]]


async def test_anas_cursor_gives_bo_only_what_is_his(ana: Person, bo: Person) -> None:
    hers, his = await ana.device(), await bo.device()
    written: dict[str, list[str]] = {"ana": [], "bo": []}
    for number in range(10):
        one, other = await asyncio.gather(hers.write_note(f"{WORDS} {number}"), his.write_note(f"note {number}"))
        written["ana"].append(one["id"])
        written["bo"].append(other["id"])
    await asyncio.gather(hers.wait_for_all(written["ana"]), his.wait_for_all(written["bo"]))
    answer = await his.request("resume", cursor=hers.hello["cursor"])
    replayed = await his.receive_until(lambda frame: frame["type"] == "resumed")
    assert [frame["blob_id"] for frame in replayed if frame["type"] == "blob.created"] == written["bo"]
    assert answer["replayed"] == len(replayed) - 1
    events = await bo.get("/events", since=hers.hello["cursor"], type="blob.created.*", limit=200)
    assert [event["data"]["blob_id"] for event in events["items"]] == written["bo"]
    assert not any(id in str((replayed, events)) for id in (*written["ana"], ana.id))


async def test_on_nats_every_event_stands_under_its_owner(ana: Person, bo: Person, nats_client: Client) -> None:
    his = await nats_client.subscribe(f"reyna.*.{bo.id}.>")
    await nats_client.flush()
    device = await ana.device()
    await device.write_note(WORDS)
    await device.wait_for("blob.created")
    own_note = await bo.post("/blobs", NOTE)
    first = await his.next_msg(timeout=60)
    assert msgspec.json.decode(first.data)["data"]["blob_id"] == own_note["id"]
