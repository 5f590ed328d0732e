"""What a writer finds by a name, however it is typed; the same on every store."""

# ruff: noqa: RUF001 - letters of many scripts are what this is about
import pytest

from reyna.domain.bucket import BucketChange
from reyna.domain.caller import Caller
from reyna.domain.errors import Invalid
from reyna.ports.store import Store
from tests.services.state.conftest import ContentBuilder

NAMES = [
    "Café noir",
    "Cafe\u0301 blanc",
    "Straße",
    "Ёлка",
    "Smørrebrød",
    "東京 ﾀﾜｰ",
    "שָׁלוֹם",
    "می\u200cخواهم",
    "कि की",
    "100% a.b",
]


@pytest.fixture(params=["memory", "mongo", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    made: Store = request.getfixturevalue(f"{request.param}_store")
    return made


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("cafe", ["Café noir", "Café blanc"]),
        ("CAFE\u0301", ["Café noir", "Café blanc"]),
        ("blanc café", ["Café blanc"]),
        ("STRASSE", ["Straße"]),
        ("елк", ["Ёлка"]),
        ("smorre", ["Smørrebrød"]),
        ("ｔ", ["Straße"]),
        ("タワー", ["東京 ﾀﾜｰ"]),
        ("שלום", ["שָׁלוֹם"]),
        ("میخواهم", ["می\u200cخواهم"]),
        ("की", ["कि की"]),
        ("का", []),
        ("%", ["100% a.b"]),
        ("a_b", []),
        ("nothing", []),
    ],
)
async def test_a_bucket_is_found_however_its_name_is_typed(
    anas: ContentBuilder, bos: ContentBuilder, ana: Caller, q: str, found: list[str]
) -> None:
    for name in NAMES:
        await anas.bucket(name)
    await bos.bucket("Cafe straße елка")
    read = await anas.state.buckets.list(ana, q=q)
    assert [bucket.name for bucket in read.items] == found


async def test_a_blank_query_asks_for_all_and_an_endless_one_is_refused(anas: ContentBuilder, ana: Caller) -> None:
    bucket = await anas.bucket()
    for q in (None, "", "  "):
        assert [one.id for one in (await anas.state.buckets.list(ana, q=q)).items] == [bucket.id]
    with pytest.raises(Invalid) as refused:
        await anas.state.buckets.list(ana, q="x" * 201)
    assert refused.value.errors[0].path == "/q"


async def test_a_search_is_listed_in_pages_beside_other_filters(anas: ContentBuilder, ana: Caller) -> None:
    book = await anas.bucket("Book", type="book")
    ids = [(await anas.bucket(f"Café {number}", book.id)).id for number in range(5)]
    await anas.bucket("Café", type="book")
    await anas.bucket("Tea", book.id)
    seen: list[str] = []
    cursor = None
    while True:
        page = await anas.state.buckets.list(
            ana, q="cafe", parent_bucket_id=book.id, type="scene", limit=2, cursor=cursor
        )
        seen += [bucket.id for bucket in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == ids


async def test_what_is_renamed_or_trashed_is_found_by_what_it_is_now(anas: ContentBuilder, ana: Caller) -> None:
    bucket = await anas.bucket("Café")
    await anas.state.buckets.change(ana, bucket.id, BucketChange(name="Thé", base_revision=1))
    assert (await anas.state.buckets.list(ana, q="cafe")).items == ()
    assert len((await anas.state.buckets.list(ana, q="the")).items) == 1
    await anas.state.trash.trash_bucket(ana, bucket.id)
    assert (await anas.state.buckets.list(ana, q="the")).items == ()


async def test_a_note_is_found_by_its_first_line_also_within_a_bucket(anas: ContentBuilder, ana: Caller) -> None:
    chapter = await anas.bucket()
    inside = await anas.note("\nDer Sturm über Übersee\nand more", chapter.id)
    outside = await anas.note("Ein sturm")
    await anas.note("Sonne\nSturm", chapter.id)
    assert [blob.id for blob in (await anas.state.blobs.list(ana, q="STURM")).items] == [outside.id, inside.id]
    assert [blob.id for blob in (await anas.state.blobs.list(ana, q="sturm ubersee")).items] == [inside.id]
    assert [blob.id for blob in (await anas.state.blobs.list(ana, q="Sturm", bucket_id=chapter.id)).items] == [
        inside.id
    ]
