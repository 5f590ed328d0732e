"""Every operation that changes something, and the event of it that a second device receives."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, get_args

from reyna.sdk import Processor
from reyna.services.studio.gateway import protocol
from tests.journeys.application import Application
from tests.journeys.people import PASSWORD, Device, Frame, Person, body_of
from tests.journeys.test_isolation import Ids, filled, routes

STORM: Final = "The ship sailed into the storm, and nobody on board had slept since they had left the harbour behind."
OWN: Final = {
    "id": "shouting",
    "version": "1.0.0",
    "name": "Shouting",
    "input_schemas": ["{diary}-v1"],
    "output_schema": "{diary}-v2",
}
NOTE: Final = {"schema_id": "text-input-v1", "data": {"content": STORM}}
EXPANDED: Final = {
    "schema_id": "expanded-text-v1",
    "data": {"original": STORM, "expanded": f"{STORM} The mast groaned.", "expansion_ratio": 1.2},
    "parent_id": "{note}",
}
EXPANSION: Final = "text-expansion"
HOLDING: Final = "holding"  # its runs never end by themselves, so that a cancel never comes too late


class Step(NamedTuple):
    """What one device does: a route with its path, or an action; what another hears; and under which names ids of the
    answer are kept for later steps, by the way to them (`blob.id`)."""

    operation: str
    at: str
    sends: Any
    wait_for: str
    facts: Mapping[str, Any] = {}
    keeps: Mapping[str, str] = {}


REST: Final = [
    Step("POST /schemas", "/schemas", {"name": "{diary}", "json_schema": {"type": "object"}}, "schema.registered",
         {"schema_id": "{diary}-v1"}),
    Step("PUT /schemas/{id}/compatibility", "/schemas/{diary}-v1/compatibility", {"mode": "none"}, "schema.updated",
         {"schema_id": "{diary}-v1", "compatibility": "none"}),
    Step("POST /schemas", "/schemas",
         {"name": "{diary}", "version": "2.0.0", "json_schema": {"type": "object", "required": ["day"]}},
         "schema.registered", {"schema_id": "{diary}-v2"}),
    Step("PUT /schemas/{id}/upgrade", "/schemas/{diary}-v2/upgrade",
         {"steps": [{"do": "set", "path": "/day", "value": 1}]}, "schema.updated", {"schema_id": "{diary}-v2"}),
    Step("POST /blobs", "/blobs", {"schema_id": "{diary}-v1", "data": {}}, "blob.created", {}, {"page": "id"}),
    Step("POST /upgrades", "/upgrades", {"from": "{diary}-v1", "to": "{diary}-v2"}, "upgrade.completed", {"done": 1}),
    Step("POST /blobs", "/blobs", {"schema_id": "{diary}-v1", "data": {}}, "blob.created", {}, {"page": "id"}),
    Step("GET /blobs/{id}", "/blobs/{page}?schema_version=2", None, "blob.updated",
         {"blob_id": "{page}", "schema_id": "{diary}-v2", "revision": 2}),
    Step("POST /buckets", "/buckets", {"name": "Book", "type": "book"}, "bucket.created", {}, {"book": "id"}),
    Step("POST /buckets", "/buckets", {"name": "One", "type": "scene", "parent_bucket_id": "{book}"}, "bucket.created",
         {"parent_bucket_id": "{book}", "bucket_type": "scene"}, {"one": "id"}),
    Step("PATCH /buckets/{id}", "/buckets/{one}", {"name": "Prologue", "base_revision": 1}, "bucket.updated",
         {"bucket_id": "{one}", "revision": 2}),
    Step("POST /buckets/{id}/move", "/buckets/{one}/move", {"parent_bucket_id": None}, "bucket.moved",
         {"bucket_id": "{one}", "parent_bucket_id": None, "came_from": "{book}"}),
    Step("POST /blobs", "/blobs", NOTE | {"bucket_ids": ["{book}"]}, "blob.created", {"bucket_ids": ["{book}"]},
         {"note": "id"}),
    Step("PATCH /blobs/{id}", "/blobs/{note}", {"merge_patch": {"title": "Storm"}, "base_revision": 1},
         "blob.updated", {"blob_id": "{note}", "revision": 2}),
    Step("POST /blobs", "/blobs", EXPANDED, "blob.created", {"parent_id": "{note}"}, {"expansion": "id"}),
    Step("POST /blobs/{id}/accept", "/blobs/{note}/accept", {"derived_blob_id": "{expansion}"}, "blob.created",
         {"parent_id": "{note}", "schema_id": "edited-text-v1"}),
    Step("PUT /blobs/{id}/revisions/{number}/name", "/blobs/{note}/revisions/1/name", {"name": "First draft"},
         "blob.named", {"blob_id": "{note}", "number": 1, "name": "First draft"}),
    Step("DELETE /blobs/{id}/revisions/{number}/name", "/blobs/{note}/revisions/1/name", None,
         "blob.named", {"blob_id": "{note}", "number": 1, "name": None}),
    Step("PUT /buckets/{id}/blobs/{blob_id}", "/buckets/{one}/blobs/{note}", None, "bucket.blob.added",
         {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("PUT /buckets/{id}/blobs/{blob_id}", "/buckets/{one}/blobs/{note}", {"label": "draft"}, "bucket.blob.moved",
         {"bucket_id": "{one}", "blob_id": "{note}", "label": "draft"}),
    Step("DELETE /buckets/{id}/blobs/{blob_id}", "/buckets/{one}/blobs/{note}", None, "bucket.blob.removed",
         {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("POST /undo", "/undo", None, "bucket.blob.added", {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("POST /redo", "/redo", None, "bucket.blob.removed", {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("DELETE /blobs/{id}", "/blobs/{note}", None, "blob.trashed", {"blob_id": "{note}"}),
    Step("POST /blobs/{id}/restore", "/blobs/{note}/restore", None, "blob.restored",
         {"blob_id": "{note}", "bucket_ids": ["{book}"]}),
    Step("POST /blobs/{id}/restore", "/blobs/{note}/restore", {"revision": 1}, "blob.updated", {"blob_id": "{note}"}),
    Step("POST /buckets/{id}/copy", "/buckets/{book}/copy", {"deep": True}, "bucket.created", {"cause": "copy"},
         {"copy": "id"}),
    Step("POST /templates", "/templates", {"bucket_id": "{book}", "name": "Mine"}, "template.created",
         {"name": "Mine"}, {"template": "id"}),
    Step("POST /templates/{id}/instantiate", "/templates/{template}/instantiate", {"name": "New"}, "bucket.created",
         {"cause": "template"}),
    Step("DELETE /templates/{id}", "/templates/{template}", None, "template.deleted", {"template_id": "{template}"}),
    Step("POST /templates/import", "/templates/import",
         {"name": "Mine", "root": {"kind": "bucket", "name": "x", "type": "draft"}}, "template.created",
         {"name": "Mine"}),
    Step("POST /bulk", "/bulk", {"operations": [{"action": "trash_bucket", "bucket_id": "{copy}"}]}, "bucket.trashed",
         {"bucket_id": "{copy}"}),
    Step("DELETE /trash/{id}", "/trash/{copy}", None, "bucket.purged", {"bucket_id": "{copy}"}),
    Step("DELETE /buckets/{id}", "/buckets/{book}", None, "bucket.trashed", {"bucket_id": "{book}", "blob_count": 2}),
    Step("POST /buckets/{id}/restore", "/buckets/{book}/restore", None, "bucket.restored",
         {"bucket_id": "{book}", "blob_count": 2}),
    Step("POST /processors", "/processors", OWN, "processor.registered", {"processor": "shouting", "version": "1.0.0"}),
    Step("DELETE /processors/{id}", "/processors/shouting", None, "processor.removed", {"processor": "shouting"}),
    Step("POST /instances", "/instances", {"processor_id": EXPANSION, "bucket_id": "{one}"}, "instance.changed",
         {"processor": EXPANSION, "bucket_id": "{one}", "enabled": True}, {"instance": "id"}),
    Step("PATCH /instances/{id}", "/instances/{instance}", {"enabled": False}, "instance.changed",
         {"instance_id": "{instance}", "enabled": False}),
    Step("DELETE /instances/{id}", "/instances/{instance}", None, "instance.changed",
         {"instance_id": "{instance}", "dropped": True}),
    Step("POST /keys", "/keys", {"name": "Script"}, "key.changed", {"change": "created"}, {"key": "id"}),
    Step("POST /keys/{id}/rotate", "/keys/{key}/rotate", {"grace_seconds": 0}, "key.changed", {"change": "rotated"}),
    Step("DELETE /keys/{id}", "/keys/{key}", None, "key.changed", {"key_id": "{key}", "change": "revoked"}),
    Step("POST /models", "/models", {"name": "Big", "provider": "openai", "model": "big-1"}, "model.changed",
         {"name": "Big"}, {"model": "id"}),
    Step("PATCH /models/{id}", "/models/{model}", {"name": "Bigger"}, "model.changed", {"model_id": "{model}"}),
    Step("DELETE /models/{id}", "/models/{model}", None, "model.changed", {"model_id": "{model}", "dropped": True}),
    Step("POST /webhooks", "/webhooks", {"url": "https://93.184.215.14/", "types": ["file.purged"]}, "webhook.changed",
         {"enabled": True}, {"webhook": "id"}),
    Step("PATCH /webhooks/{id}", "/webhooks/{webhook}", {"enabled": False}, "webhook.changed",
         {"webhook_id": "{webhook}", "enabled": False}),
    Step("DELETE /webhooks/{id}", "/webhooks/{webhook}", None, "webhook.changed",
         {"webhook_id": "{webhook}", "dropped": True}),
    Step("POST /pipelines", "/pipelines", {"name": "One", "stages": [{"processor_id": HOLDING}]}, "pipeline.changed",
         {"name": "One"}, {"pipeline": "id"}),
    Step("PATCH /pipelines/{id}", "/pipelines/{pipeline}", {"name": "Two"}, "pipeline.changed",
         {"pipeline_id": "{pipeline}", "name": "Two", "revision": 2}),
    Step("POST /runs", "/runs", {"pipeline_id": "{pipeline}", "blob_ids": ["{note}"]}, "batch.requested",
         {"pipeline_id": "{pipeline}", "processors": [HOLDING]}, {"batch": "batch_id"}),
    Step("POST /batches/{id}/cancel", "/batches/{batch}/cancel", None, "batch.cancelled", {"batch_id": "{batch}"}),
    Step("DELETE /pipelines/{id}", "/pipelines/{pipeline}", None, "pipeline.changed",
         {"pipeline_id": "{pipeline}", "dropped": True}),
    Step("PUT /me/spending-cap", "/me/spending-cap", {"amount": 20}, "spending-cap.changed", {"amount": "20.00"}),
    Step("DELETE /me/spending-cap", "/me/spending-cap", None, "spending-cap.changed", {"dropped": True}),
    Step("POST /runs", "/runs", {"processor_id": HOLDING, "blob_ids": ["{note}"]}, "processor.requested",
         {"processor": HOLDING, "blob_id": "{note}"}, {"run": "items.0.id"}),
    Step("POST /runs/{id}/cancel", "/runs/{run}/cancel", None, "processor.cancelled", {"run_id": "{run}"}),
    Step("POST /runs/{id}/retry", "/runs/{run}/retry", None, "processor.requested", {"run_id": "{run}"}),
    Step("POST /runs/{id}/cancel", "/runs/{run}/cancel", None, "processor.cancelled", {"run_id": "{run}"}),
    Step("POST /blobs", "/blobs", NOTE | {"data": {"content": "Short."}}, "blob.created", {}, {"short": "id"}),
    Step("POST /runs", "/runs", {"processor_id": EXPANSION, "blob_ids": ["{short}"]}, "processor.refused",
         {"blob_id": "{short}"}),
    Step("POST /runs", "/runs", {"processor_id": "breaking", "blob_ids": ["{short}"]}, "processor.failed",
         {"blob_id": "{short}"}),
    Step("GET /dead", "/dead", None, "", {}, {"letter": "items.0.id"}),
    Step("POST /dead/{id}/replay", "/dead/{letter}/replay", None, "processor.failed", {"blob_id": "{short}"}),
    Step("GET /dead", "/dead", None, "", {}, {"letter": "items.0.id"}),
    Step("POST /dead/replay", "/dead/replay", {"processor_id": "breaking"}, "processor.failed", {"blob_id": "{short}"}),
    Step("GET /dead", "/dead", None, "", {}, {"letter": "items.0.id"}),
    Step("DELETE /dead/{id}", "/dead/{letter}", None, "processor.discarded", {"blob_id": "{short}"}),
    Step("DELETE /blobs/{id}", "/blobs/{short}", None, "blob.trashed", {"blob_id": "{short}"}),
    Step("DELETE /trash", "/trash", None, "blob.purged", {"blob_id": "{short}"}),
    Step("POST /migrate/legacy", "/migrate/legacy", {"id": 1, "content": "Old."}, "blob.created", {"cause": "import"}),
    Step("POST /files", "/files?name=list.json", {"words": ["storm"]}, "file.created",
         {"name": "list.json", "media_type": "text/plain"}),
    Step("POST /import", "/import?name=a.md", {"words": ["storm"]}, "task.completed", {"name": "a.md"}),
    Step("PATCH /me", "/me", {"name": "Anna"}, "user.updated", {"user_id": "{ana}"}),
    Step("POST /me/password", "/me/password", {"password": "a ship sails at dusk", "old_password": PASSWORD},
         "user.updated", {"user_id": "{ana}"}),
]  # fmt: skip
# Operations of the application itself, or that change nothing another device shows; an upgrade of so little has ended
# before anybody can cancel it.
SILENT: Final = {
    "POST /files/uploads",  # devices hear of the file that an upload becomes: test_files
    "PATCH /files/uploads/{id}",
    "DELETE /files/uploads/{id}",
    "POST /models/{id}/test",
    "POST /webhooks/{id}/test",
    "POST /webhooks/{id}/deliveries/{number}/retry",
    "POST /upgrades/{id}/cancel",
    "POST /schemas/check",
    "POST /work/{processor_id}/claim",  # what workers say of their runs: test_work_over_https
    "POST /runs/{id}/beat",
    "POST /runs/{id}/progress",
    "PUT /runs/{id}/steps/{name}",
    "PUT /runs/{id}/prompts",
    "POST /runs/estimate",
    "POST /runs/{id}/complete",
    "POST /runs/{id}/refuse",
    "POST /runs/{id}/fail",
    "POST /runs/{id}/costs",
    "POST /schemas/{id}/validate",
    "POST /auth/register",
    "POST /auth/login",
    "POST /auth/link",
    "POST /auth/logout",
    "DELETE /sessions",  # whoever used one is told by the end of it
    "DELETE /sessions/{id}",
}
SOCKET: Final = [
    Step("create_bucket", "", {"name": "Book", "type": "book"}, "bucket.created", {}, {"book": "bucket.id"}),
    Step("create_bucket", "", {"name": "One", "type": "scene"}, "bucket.created", {}, {"one": "bucket.id"}),
    Step("update_bucket", "", {"bucket_id": "{one}", "name": "Prologue", "base_revision": 1}, "bucket.updated",
         {"bucket_id": "{one}"}),
    Step("move_bucket", "", {"bucket_id": "{one}", "parent_bucket_id": "{book}"}, "bucket.moved",
         {"bucket_id": "{one}", "parent_bucket_id": "{book}"}),
    Step("create_blob", "", NOTE | {"bucket_ids": ["{book}"]}, "blob.created", {"bucket_ids": ["{book}"]},
         {"note": "blob.id"}),
    Step("update_blob", "", {"blob_id": "{note}", "data": {"content": "Calm."}, "base_revision": 1}, "blob.updated",
         {"blob_id": "{note}", "revision": 2}),
    Step("create_blob", "", EXPANDED, "blob.created", {"parent_id": "{note}"}, {"expansion": "blob.id"}),
    Step("accept_blob", "", {"blob_id": "{note}", "derived_blob_id": "{expansion}"}, "blob.created",
         {"parent_id": "{note}", "schema_id": "edited-text-v1"}),
    Step("name_revision", "", {"blob_id": "{note}", "number": 1, "name": "First draft"}, "blob.named",
         {"blob_id": "{note}", "number": 1, "name": "First draft"}),
    Step("place_blob", "", {"bucket_id": "{one}", "blob_id": "{note}"}, "bucket.blob.added",
         {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("place_blob", "", {"bucket_id": "{one}", "blob_id": "{note}", "label": "draft"}, "bucket.blob.moved",
         {"bucket_id": "{one}", "blob_id": "{note}", "label": "draft"}),
    Step("take_out_blob", "", {"bucket_id": "{one}", "blob_id": "{note}"}, "bucket.blob.removed",
         {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("undo", "", {}, "bucket.blob.added", {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("redo", "", {}, "bucket.blob.removed", {"bucket_id": "{one}", "blob_id": "{note}"}),
    Step("trash_blob", "", {"blob_id": "{note}"}, "blob.trashed", {"blob_id": "{note}"}),
    Step("restore_blob", "", {"blob_id": "{note}"}, "blob.restored", {"blob_id": "{note}"}),
    Step("copy_bucket", "", {"bucket_id": "{book}", "deep": True}, "bucket.created", {"cause": "copy"},
         {"copy": "bucket.id"}),
    Step("bulk", "", {"operations": [{"action": "trash_bucket", "bucket_id": "{copy}"}]}, "bucket.trashed",
         {"bucket_id": "{copy}"}),
    Step("trash_bucket", "", {"bucket_id": "{book}"}, "bucket.trashed", {"bucket_id": "{book}", "bucket_count": 2}),
    Step("restore_bucket", "", {"bucket_id": "{book}"}, "bucket.restored", {"bucket_id": "{book}", "bucket_count": 2}),
    Step("run_processor", "", {"processor_id": HOLDING, "blob_ids": ["{note}"]}, "processor.requested",
         {"blob_id": "{note}"}, {"run": "runs.0.id"}),
    Step("cancel_run", "", {"run_id": "{run}"}, "processor.cancelled", {"run_id": "{run}"}),
]  # fmt: skip
WITHOUT_EVENT: Final = {"authenticate", "ping", "subscribe", "resume"}  # about this one line and nothing else


def names(ana: Person) -> Ids:
    return {"ana": ana.id, "diary": f"diary-{ana.id[-6:]}"}


def kept(answer: Any, keeps: Mapping[str, str]) -> Ids:
    found = {}
    for name, way in keeps.items():
        at = answer
        for part in way.split("."):
            at = at[int(part)] if part.isdigit() else at[part]
        found[name] = at
    return found


async def wait_for_event(there: Device, step: Step, ids: Ids) -> Frame | None:
    return await there.wait_for(step.wait_for, **filled(dict(step.facts), ids)) if step.wait_for else None


async def test_a_second_device_hears_of_everything_that_is_done_over_rest(
    ana: Person, failing_processor: Processor[None], holding_processor: Processor[None]
) -> None:
    there, ids = await ana.device(), names(ana)
    for step in REST:
        method = step.operation.partition(" ")[0]
        answer = body_of(await ana.rest.request(method, filled(step.at, ids), json=filled(step.sends, ids)))
        ids |= kept(answer, step.keeps)
        await wait_for_event(there, step, ids)


async def test_a_second_device_hears_of_everything_that_is_done_on_a_socket(
    ana: Person, holding_processor: Processor[None]
) -> None:
    here, there, ids = await ana.device(), await ana.device(), names(ana)
    for step in SOCKET:
        answer = await here.do(step.operation, **filled(step.sends, ids))
        ids |= kept(answer, step.keeps)
        frame = await wait_for_event(there, step, ids)
        assert frame is not None and "origin" not in frame


async def test_every_way_to_change_something_is_among_these(application: Application, ana: Person) -> None:
    changing = {route for route in await routes(ana.rest, application.url_of("studio")) if not route.startswith("GET ")}
    assert changing - {step.operation for step in REST} == SILENT, "say in this file what a second device hears of it"
    actions = {kind.__struct_config__.tag for kind in get_args(protocol.Message)}
    assert actions - {step.operation for step in SOCKET} == WITHOUT_EVENT, (
        "say in this file what a second device hears of it"
    )


async def test_a_new_password_closes_the_lines_of_my_other_sessions(ana: Person) -> None:
    elsewhere = await ana.sign_in()
    here, there = await ana.device(), await elsewhere.device()
    change = {"password": "another long password", "old_password": PASSWORD}
    body_of(await ana.rest.patch("/me", json=change))
    assert await there.wait_closed() == 4001
    assert (await elsewhere.rest.get("/me")).status_code == 401
    assert (await here.request("ping"))["type"] == "ok"
    await elsewhere.leave()
