"""The disk fills up: new content is refused before anything breaks, and accepted again when there is room."""

import os
import shutil

from tests.journeys.conftest import Builder
from tests.journeys.people import NOTE, rest

LEFT = 4 * 1024**3  # bytes above the least that must be free; others use this disk too
TAKEN = 8 * 1024**3


async def test_a_full_disk_makes_the_studio_read_only_and_it_heals_by_itself(
    build_application: Builder,
) -> None:
    application = build_application()
    application.home.mkdir(exist_ok=True)
    least = shutil.disk_usage(application.home).free - LEFT
    application.processes["up"].environment["REYNA_FREE_BYTES"] = str(least)
    await application.start()
    ana = await application.person("ana")
    device = await ana.device()
    before = await device.write_note("The ship sailed.")
    filler = application.home / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, TAKEN)
    new = {"schema_id": NOTE, "data": {"content": "The ship sailed on."}}
    while (answer := await ana.rest.post("/blobs", json=new)).status_code != 507:
        assert answer.status_code == 201
    assert answer.json()["reason"] == "storage_full"
    assert int(answer.headers["retry-after"]) > 0
    output = await device.request("create_blob", **new)
    assert (output["type"], output["code"], output["reason"]) == ("error", "fault", "storage_full")
    assert (await ana.get(f"/blobs/{before['id']}"))["data"]["content"] == "The ship sailed."
    other = await ana.sign_in()  # whoever wants to read can sign in
    async with rest(application.address) as anybody:
        ready = await anybody.get("/readyz")
    assert ready.status_code == 503
    assert "nothing new is written" in ready.json()["dependencies"]["disk"]

    filler.unlink()
    while (answer := await ana.rest.post("/blobs", json=new)).status_code == 507:
        pass
    assert answer.status_code == 201
    await device.wait_for("blob.created", blob_id=answer.json()["id"])
    assert "Traceback" not in application.process_for("studio").log.read_text()
    await other.leave()
    await ana.leave()
