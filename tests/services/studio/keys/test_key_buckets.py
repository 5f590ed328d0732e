"""A key that is limited to buckets sees and changes what lies in and below them, and nothing else is there for it."""

from collections.abc import AsyncIterator
from typing import Any, Final, cast

import httpx
import pytest

from reyna.domain.caller import Caller
from reyna.services.studio.sign_in.sessions import SignedIn
from tests.services.studio.conftest import bearer, create_account
from tests.services.studio.fake_websocket import connect
from tests.services.studio.harness import StudioHarness, studio_harness
from tests.services.studio.keys.test_api_keys import create_key, with_key
from tests.transport.http.test_problems import is_a_problem

SECRET: Final = "Nobody with this key may read it."
Tree = dict[str, str]


@pytest.fixture(scope="module")
async def harness() -> AsyncIterator[StudioHarness]:
    """One for all these tests, each of which has an ana of its own."""
    async with studio_harness() as harness:
        yield harness


@pytest.fixture
async def anas(harness: StudioHarness, request: pytest.FixtureRequest) -> SignedIn:
    return await create_account(harness, f"{abs(hash(request.node.name))}@example.test")


@pytest.fixture
async def api(harness: StudioHarness, anas: SignedIn) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(harness, bearer(anas)) as api:
        yield api


def open_client(harness: StudioHarness, headers: dict[str, str]) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(cast(Any, harness.app), client=("192.0.2.9", 1))
    return httpx.AsyncClient(transport=transport, base_url="http://studio.test", headers=headers)


async def post(api: httpx.AsyncClient, path: str, body: Any) -> str:
    answer = await api.post(f"/api{path}", json=body)
    assert answer.is_success, answer.text
    return cast(str, answer.json()["id"])


def note(*bucket_ids: str, text: str = SECRET) -> dict[str, Any]:
    return {"schema_id": "text-input-v1", "data": {"content": text}, "bucket_ids": bucket_ids}


@pytest.fixture
async def tree(api: httpx.AsyncClient) -> Tree:
    """`shelf` holds `album`, which the key is for, with `track` in it, and beside it `diary`; with a blob in each, and
    `both` in track and diary."""
    shelf = await post(api, "/buckets", {"name": "Secret shelf", "type": "shelf"})
    album = await post(api, "/buckets", {"name": "Album", "type": "album", "parent_bucket_id": shelf})
    track = await post(api, "/buckets", {"name": "Track", "type": "track", "parent_bucket_id": album})
    diary = await post(api, "/buckets", {"name": "Secret diary", "type": "diary", "parent_bucket_id": shelf})
    return {
        "shelf": shelf,
        "album": album,
        "track": track,
        "diary": diary,
        "song": await post(api, "/blobs", note(track, text="The song of the ship.")),
        "entry": await post(api, "/blobs", note(diary)),
        "loose": await post(api, "/blobs", note()),
        "both": await post(api, "/blobs", note(track, diary, text="The refrain of the ship.")),
    }


@pytest.fixture
async def key(api: httpx.AsyncClient, tree: Tree) -> dict[str, str]:
    return with_key(await create_key(api, buckets=[tree["album"]]))


@pytest.fixture
async def program(harness: StudioHarness, key: dict[str, str]) -> AsyncIterator[httpx.AsyncClient]:
    async with open_client(harness, key) as program:
        yield program


SEEN: Final = [
    "/blobs/{song}",
    "/blobs/{both}",
    "/blobs/{song}/revisions",
    "/blobs/{song}/lineage",
    "/blobs/{both}/places",
    "/blobs",
    "/blobs?bucket_id={track}",
    "/buckets/{album}",
    "/buckets/{track}",
    "/buckets",
    "/buckets?parent_bucket_id=none",
    "/buckets?parent_bucket_id={album}",
    "/buckets/{album}/tree",
    "/buckets/{track}/items",
    "/buckets/{album}/contents",
    "/tree",
    "/search?q=ship",
    "/search?q=nobody",
    "/search?q=ship&bucket_id={track}",
    "/runs",
    "/events?limit=200",
    "/schemas",
    "/processors",
]


@pytest.mark.parametrize("path", SEEN)
async def test_what_lies_below_its_buckets_is_all_that_is_read(
    program: httpx.AsyncClient, tree: Tree, path: str
) -> None:
    answer = await program.get(f"/api{path.format(**tree)}")
    assert answer.status_code == 200, answer.text
    leaks = [name for name in ("shelf", "diary", "entry", "loose") if tree[name] in answer.text]
    assert leaks == [] and SECRET not in answer.text and "Secret" not in answer.text


async def test_the_lists_hold_what_the_key_reaches(program: httpx.AsyncClient, tree: Tree) -> None:
    async def ids(path: str) -> set[str]:
        return {item["id"] for item in (await program.get(f"/api{path}")).json()["items"]}

    assert await ids("/blobs") == {tree["song"], tree["both"]}
    assert await ids("/blobs?limit=1") == {tree["both"]}
    assert await ids("/buckets") == {tree["album"], tree["track"]}
    assert await ids("/buckets?parent_bucket_id=none") == await ids("/tree") == {tree["album"]}
    assert await ids("/buckets?parent_bucket_id=none&q=álbüm") == {tree["album"]}  # names are found as in other lists
    assert await ids("/buckets?parent_bucket_id=none&q=shelf") == set()
    paths = (await program.get(f"/api/blobs/{tree['both']}/places")).json()["items"]
    assert [[bucket["name"] for bucket in path] for path in paths] == [["Album", "Track"]]


NOT_THERE: Final[list[tuple[str, str, Any]]] = [
    ("GET", "/blobs/{entry}", None),
    ("GET", "/blobs/{loose}", None),
    ("GET", "/blobs/{entry}/revisions/1", None),
    ("GET", "/blobs?bucket_id={diary}", None),
    ("GET", "/search?q=nobody&bucket_id={diary}", None),
    ("GET", "/buckets/{shelf}", None),
    ("GET", "/buckets/{shelf}/tree", None),
    ("GET", "/buckets/{diary}/items", None),
    ("GET", "/buckets/{diary}/contents", None),
    ("PATCH", "/blobs/{entry}", {"data": {"content": "changed"}, "base_revision": 1}),
    ("DELETE", "/blobs/{loose}", None),
    ("POST", "/blobs", note("{diary}")),
    ("POST", "/blobs", note("{track}", "{diary}")),
    ("POST", "/blobs", note("{track}") | {"parent_id": "{entry}"}),
    ("POST", "/buckets", {"name": "Mine", "type": "scene", "parent_bucket_id": "{shelf}"}),
    ("PATCH", "/buckets/{shelf}", {"name": "Mine", "base_revision": 1}),
    ("PATCH", "/buckets/{album}", {"name": "Mine", "base_revision": 1}),
    ("DELETE", "/buckets/{album}", None),
    ("DELETE", "/buckets/{diary}", None),
    ("POST", "/buckets/{track}/move", {"parent_bucket_id": "{diary}"}),
    ("POST", "/buckets/{diary}/move", {"parent_bucket_id": "{album}"}),
    ("POST", "/buckets/{diary}/copy", {"parent_bucket_id": "{album}"}),
    ("PUT", "/buckets/{track}/blobs/{entry}", {}),
    ("PUT", "/buckets/{diary}/blobs/{song}", {}),
    ("DELETE", "/buckets/{diary}/blobs/{both}", None),
    ("POST", "/bulk", {"operations": [{"action": "trash_blob", "blob_id": "{entry}"}]}),
    ("POST", "/bulk", {"operations": [{"action": "create_blob"} | note("{diary}")]}),
    ("POST", "/runs", {"processor_id": "text-expansion", "blob_ids": ["{entry}"]}),
    ("POST", "/runs", {"processor_id": "text-expansion", "bucket_id": "{diary}"}),
]
REFUSED: Final[list[tuple[str, str, Any]]] = [
    ("POST", "/blobs", note()),
    ("POST", "/buckets", {"name": "Mine", "type": "scene"}),
    ("POST", "/buckets/{track}/move", {"parent_bucket_id": None}),
    ("POST", "/buckets/{track}/copy", {"parent_bucket_id": None}),
    ("POST", "/bulk", {"operations": [{"action": "create_bucket", "name": "Mine", "type": "scene"}]}),
    ("POST", "/undo", None),
    ("GET", "/journal", None),
    ("GET", "/trash", None),
    ("DELETE", "/trash", None),
    ("GET", "/files", None),
    ("GET", "/dead", None),
    ("POST", "/schemas", {"name": "mine", "json_schema": {}}),
    ("POST", "/instances", {"processor_id": "text-expansion"}),
    ("POST", "/pipelines", {"name": "Mine", "stages": [{"processor_id": "text-expansion"}]}),
]


def filled(template: Any, tree: Tree) -> Any:
    match template:
        case str():
            return template.format(**tree)
        case dict():
            return {name: filled(value, tree) for name, value in template.items()}
        case list() | tuple():
            return [filled(value, tree) for value in template]
    return template


@pytest.mark.parametrize(("method", "path", "body"), NOT_THERE)
async def test_everything_else_is_not_there(
    program: httpx.AsyncClient, tree: Tree, method: str, path: str, body: Any
) -> None:
    answer = await program.request(method, f"/api{filled(path, tree)}", json=filled(body, tree))
    is_a_problem(answer, 404, "not_found", "not_found")


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
async def test_what_would_work_at_the_root_is_refused(
    program: httpx.AsyncClient, tree: Tree, method: str, path: str, body: Any
) -> None:
    answer = await program.request(method, f"/api{path.format(**tree)}", json=body)
    is_a_problem(answer, 403, "forbidden", "outside_of_key")


async def test_within_its_buckets_it_creates_changes_moves_and_trashes(program: httpx.AsyncClient, tree: Tree) -> None:
    side = await post(program, "/buckets", {"name": "Side B", "type": "side", "parent_bucket_id": tree["album"]})
    demo = await post(program, "/blobs", note(side, text="A demo."))
    changed = await program.patch(f"/api/blobs/{demo}", json={"data": {"content": "Better."}, "base_revision": 1})
    assert changed.json()["revision"] == 2
    moved = await program.post(f"/api/buckets/{tree['track']}/move", json={"parent_bucket_id": side})
    assert moved.json()["parent_bucket_id"] == side
    both = {"operations": [{"action": "create_bucket", "as": "one", "name": "C", "type": "side",
                            "parent_bucket_id": side},
                           {"action": "create_blob"} | note("$one", text="In it.")]}  # fmt: skip
    assert (await program.post("/api/bulk", json=both)).status_code == 200
    assert (await program.delete(f"/api/blobs/{demo}")).status_code == 200
    assert (await program.post(f"/api/blobs/{demo}/restore")).status_code == 200
    assert (await program.delete(f"/api/buckets/{tree['track']}")).status_code == 200


async def test_its_socket_receives_what_happens_below_its_buckets_alone(
    harness: StudioHarness, api: httpx.AsyncClient, key: dict[str, str], tree: Tree
) -> None:
    async with connect(harness.websocket_app, key) as device:
        await device.wait_until_live()
        await post(api, "/blobs", note(tree["diary"]))
        await api.patch(f"/api/buckets/{tree['shelf']}", json={"name": "Still secret", "base_revision": 1})
        seen = await post(api, "/blobs", note(tree["track"], tree["diary"], text="Seen."))
        frames = await device.frames_until("blob.created")
        assert [frame["type"] for frame in frames] == ["blob.created"]
        assert (frames[0]["blob_id"], frames[0]["bucket_ids"]) == (seen, [tree["track"]])


async def test_its_socket_hears_of_runs_on_the_blobs_that_it_reaches(
    harness: StudioHarness, api: httpx.AsyncClient, key: dict[str, str], tree: Tree
) -> None:
    async with connect(harness.websocket_app, key) as device:
        await device.wait_until_live()
        for name in ("entry", "song"):
            run = {"processor_id": "text-expansion", "blob_ids": [tree[name]]}
            assert (await api.post("/api/runs", json=run)).is_success
        frames = await device.frames_until("processor.requested")
        assert [frame["blob_id"] for frame in frames] == [tree["song"]]


async def test_a_resume_replays_what_the_key_reaches(
    harness: StudioHarness, api: httpx.AsyncClient, key: dict[str, str], tree: Tree
) -> None:
    async with connect(harness.websocket_app, key) as device:
        cursor = (await device.next_frame())["cursor"]
        await post(api, "/blobs", note(tree["diary"]))
        seen = await post(api, "/blobs", note(tree["album"], text="Seen."))
        device.send_message({"action": "resume", "cursor": cursor})
        frames = await device.frames_until("resumed")
        assert [frame.get("blob_id") for frame in frames] == [seen, None]
        assert frames[-1]["replayed"] == 1


async def test_the_runs_that_it_requests_read_no_further_than_the_key(
    harness: StudioHarness, program: httpx.AsyncClient, api: httpx.AsyncClient, tree: Tree
) -> None:
    request = {"processor_id": "text-expansion", "blob_ids": [tree["song"]]}
    (run,) = (await program.post("/api/runs", json=request)).json()["items"]
    assert run["limited_to"] == [tree["album"]]
    (stored,) = (await harness.processors.runs.list(Caller(user_id=run["user_id"]))).items
    assert stored.worker.bucket_ids == (tree["album"],)
    others = await api.post("/api/runs", json={"processor_id": "text-expansion", "blob_ids": [tree["entry"]]})
    assert [one["id"] for one in (await program.get("/api/runs")).json()["items"]] == [run["id"]]
    (other,) = others.json()["items"]
    is_a_problem(await program.get(f"/api/runs/{other['id']}"), 404, "not_found", "not_found")
