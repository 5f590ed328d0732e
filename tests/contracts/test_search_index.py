"""The promises of every search index: words are found however they are written, and only by their user."""

import asyncio
from collections.abc import Sequence

import pytest

from reyna.domain.search.entry import Entry
from reyna.ports.search import SearchIndex
from tests.contracts.indexed import ANA, BO, NOON, an_entry, find, later, look_up, put, remove

HOSTILE = ["***", '"', "'", "\\", "a'b\\", "\0", "&|!()<->:*", "'; drop table x", "-", '""', "x" * 10_000, "- " * 5_000]


async def test_all_words_must_be_there_in_any_order_case_and_accents(index: SearchIndex) -> None:
    await put(index, an_entry("1", "The Störm broke the mast."), an_entry("2", "A calm sea; no storm."))
    assert await find(index, "STORM mast") == ["1"]
    assert sorted(await find(index, "störm ")) == ["1", "2"]
    assert await find(index, "storm harbour") == []


async def test_the_last_word_may_be_the_beginning_of_one(index: SearchIndex) -> None:
    await put(index, an_entry("1", "the lighthouse keeper"))
    assert await find(index, "keeper light") == ["1"]
    assert await find(index, "light keeper") == []


async def test_quotes_ask_for_words_in_their_order(index: SearchIndex) -> None:
    await put(index, an_entry("1", "red storm rising"), an_entry("2", "storm, red and rising"))
    assert await find(index, '"red storm"') == ["1"]
    assert await find(index, '"storm" -"red storm"') == ["2"]


async def test_a_minus_leaves_out(index: SearchIndex) -> None:
    await put(index, an_entry("1", "ship and pirates"), an_entry("2", "ship and cargo"))
    assert await find(index, "ship -pirates") == ["2"]
    assert await find(index, "-pirates") == ["2"]


async def test_a_phrase_does_not_go_on_from_the_title_into_the_text(index: SearchIndex) -> None:
    await put(index, an_entry("1", "storm rising", title="Red"))
    assert await find(index, '"red storm"') == []


async def test_a_title_counts_more_than_the_text(index: SearchIndex) -> None:
    await put(index, an_entry("1", "an island"), an_entry("2", "far away", title="The island"))
    assert await find(index, "island") == ["2", "1"]


@pytest.mark.parametrize("misspelt", ["lighthuose", "lihthouse", "lightthouse", "lightjouse", "lighthosex"])
async def test_a_misspelt_word_finds_the_nearest_of_its_user(index: SearchIndex, misspelt: str) -> None:
    await put(index, an_entry("1", "the lighthouse"), an_entry("2", "a light boat"))
    found = await look_up(index, f"{misspelt} ")
    assert [(item.id, item.found_by) for item in found.items] == [("1", ("typo",))]
    assert "lighthouse" in found.highlights.words


async def test_a_word_that_is_there_is_not_corrected(index: SearchIndex) -> None:
    await put(index, an_entry("1", "the form"), an_entry("2", "the farm"))
    assert await find(index, "form ") == ["1"]


async def test_a_word_that_is_gone_does_not_correct_others(index: SearchIndex) -> None:
    await put(index, an_entry("1", "a lighthouse"))
    await put(index, an_entry("1", "a windmill"))
    assert await find(index, "lighthuose ") == []
    await put(index, an_entry("1", "a lighthouse again"))
    assert await find(index, "lighthuose ") == ["1"]


async def test_languages_without_spaces_are_found_by_any_part(index: SearchIndex) -> None:
    await put(index, an_entry("1", "我喜欢猫和狗"), an_entry("2", "猫が好きです"), an_entry("3", "ข้าวผัดกุ้ง"))
    assert await find(index, "喜欢") == ["1"]
    assert await find(index, "喜欢猫") == ["1"]
    assert sorted(await find(index, "猫")) == ["1", "2"]
    assert await find(index, "狗") == ["1"]
    assert await find(index, "好き") == ["2"]
    assert await find(index, "ผัด") == ["3"]


@pytest.mark.parametrize("q", HOSTILE)
async def test_hostile_queries_are_answered(index: SearchIndex, q: str) -> None:
    await put(index, an_entry("1", "a b & c | x'); '\\"))
    assert len(await find(index, q)) <= 1


async def test_an_empty_query_gives_the_latest_first(index: SearchIndex) -> None:
    await put(index, an_entry("1", "a"), later(an_entry("2", "b"), 2), later(an_entry("3", "c"), 1))
    assert await find(index, " ") == ["2", "3", "1"]
    assert await find(index, "", limit=1) == ["2"]
    assert not (await look_up(index, "", limit=1)).is_complete
    assert (await look_up(index, "", limit=3)).is_complete


async def test_what_is_found_can_be_sorted_by_time(index: SearchIndex) -> None:
    await put(index, an_entry("1", "x", title="ship"), later(an_entry("2", "ship"), 1))
    assert await find(index, "ship", sort="time") == ["2", "1"]


async def test_filters_narrow_what_is_found(index: SearchIndex) -> None:
    await put(
        index,
        an_entry(
            "1", "ship", schema_id="text-input-v1", processor_id="user-input", bucket_ids=("a", "b"), data_since=3
        ),
        later(an_entry("2", "ship", schema_id="pitch-v1", parent_id="1", parent_revision=2, bucket_ids=("c",)), 1),
        an_entry("3", "ship", parent_id="1", parent_revision=3, is_trashed=True),
        an_entry("4", "ship", kind="bucket", type="book"),
    )
    assert sorted(await find(index, "ship")) == ["1", "2", "4"]
    assert await find(index, "ship", is_trashed=True) == ["3"]
    assert await find(index, "ship", kind="bucket") == ["4"]
    assert await find(index, "ship", type="book") == ["4"]
    assert await find(index, "ship", schema_id="pitch-v1") == ["2"]
    assert await find(index, "ship", processor_id="user-input") == ["1"]
    assert sorted(await find(index, "ship", bucket_ids=("b", "c", "d"))) == ["1", "2"]
    assert await find(index, "ship", bucket_ids=()) == []
    assert await find(index, "ship", since=later(an_entry("x"), 1).updated_at) == ["2"]
    assert sorted(await find(index, "", until=NOON)) == ["1", "4"]
    assert await find(index, "ship", is_stale=True) == ["2"]
    assert sorted(await find(index, "ship", is_stale=False)) == ["1", "4"]


async def test_nothing_is_seen_across_users(index: SearchIndex) -> None:
    await put(index, an_entry("1", "my secret lighthouse"))
    await put(index, an_entry("1", "a boat", user_id=BO))
    assert await find(index, "secret", BO) == []
    assert await find(index, "lighthuose ", BO) == []
    assert (await index.texts(BO, ["1"]))["1"].text == "a boat"
    assert await index.list_ids(BO, "", 10) == ["1"]
    await index.clear(BO)
    assert await find(index, "", BO) == []
    assert await find(index, "secret lighthuose ") == ["1"]


async def test_a_removed_entry_is_gone_at_once(index: SearchIndex) -> None:
    await put(index, an_entry("1", "ship"), an_entry("2", "ship"))
    await remove(index, ANA, "1", "never-there")
    assert await find(index, "ship") == ["2"]
    assert await index.texts(ANA, ["1"]) == {}


async def test_entries_never_go_back_to_an_earlier_state(index: SearchIndex) -> None:
    """Of many refreshes at once, each reads what is true in its turn."""
    now = 0

    async def load(ids: Sequence[str]) -> list[Entry]:
        nonlocal now
        now += 1
        read = now
        await asyncio.sleep(0)
        return [an_entry("1", f"state{read}", revision=read)]

    await asyncio.gather(*(index.refresh(ANA, ["1"], load) for _ in range(8)))
    assert await find(index, f"state{now} ") == ["1"]


async def test_a_text_of_a_megabyte_of_different_words_is_kept(index: SearchIndex) -> None:
    await put(
        index, an_entry("1", "first " + " ".join(f"w{number:07}" for number in range(44_000)), language="english")
    )
    assert await find(index, "first w0000001 ") == ["1"]


async def test_the_version_of_a_user_is_remembered(index: SearchIndex) -> None:
    assert await index.version_of(ANA) == 0
    await put(index, an_entry("1", "ship", language="english"))
    assert await index.version_of(ANA) == 0
    await index.set_version(ANA, 2)
    assert (await index.version_of(ANA), await index.version_of(BO)) == (2, 0)
