"""The style analyzer as a run: one text or a whole bucket, progress, refusals, and the end of its child process."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reyna.domain.blob import Blob
from reyna.domain.bucket import Bucket
from reyna.library.style_analysis import style_analyzer
from reyna.library.style_analysis.child_process import AnalysisEnded, analyse_in_child
from reyna.library.style_analysis.request import AnalysisRequest, SourceText
from reyna.library.style_analysis.settings import StyleSettings
from reyna.sdk import Refuse
from reyna.sdk.testing import USER, RunResult, a_blob, run

NOW = datetime(2026, 5, 1, tzinfo=UTC)
QUICK: dict[str, Any] = {"findings": ["passive", "adverb"], "language": "en"}


def a_bucket(id: str, name: str, *, parent: str | None = None) -> Bucket:
    return Bucket(
        id=id,
        user_id=USER,
        name=name,
        type="chapter",
        rank=id,
        parent_bucket_id=parent,
        created_at=NOW,
        updated_at=NOW,
    )


def a_text(content: str, bucket: str, **fields: Any) -> Blob:
    return a_blob("text-input-v1", {"content": content}, bucket_ids=(bucket,), **fields)


async def analyse(blob: Blob, **given: Any) -> RunResult:
    settings = QUICK | given.pop("settings", {})
    return await run(style_analyzer, blob, settings=settings, **given)


async def test_a_note_is_analysed_in_a_process_of_its_own() -> None:
    ran = await analyse(a_blob("text-input-v1", {"content": "The lamp was lit by her. He ran slowly."}, id="blob-n"))
    assert [one["quote"] for one in ran.data["findings"]] == ["was lit", "slowly"]
    assert ran.data["source"] == {"blob_id": "blob-n", "revision": 1, "field": "content"}
    assert ran.reports[-1][0] == 1.0


async def test_an_expansion_is_read_where_its_prose_is() -> None:
    expansion = a_blob("expanded-text-v1", {"original": "One.", "expanded": "One two three.", "expansion_ratio": 3.0})
    data = (await analyse(expansion)).data
    assert (data["source"]["field"], data["metrics"]["words"]) == ("expanded", 3)


async def test_a_book_is_analysed_in_its_order_with_the_newest_of_each_text() -> None:
    note = a_text("Short note.", "bucket-two", id="blob-note", updated_at=NOW)
    prose = a_blob(
        "expanded-text-v1",
        {"original": "Short note.", "expanded": "A much longer telling was made.", "expansion_ratio": 3.0},
        id="blob-prose",
        parent_id="blob-note",
        bucket_ids=("bucket-two",),
        updated_at=NOW + timedelta(hours=1),
    )
    afterword = a_text("An afterword of five words.", "bucket-book", id="blob-afterword")
    opening = a_text("It began.", "bucket-one", id="blob-opening")
    ran = await analyse(
        note,
        settings={"bucket_id": "bucket-book"},
        blobs=[prose, afterword, opening],
        buckets=[
            a_bucket("bucket-book", "Book"),
            a_bucket("bucket-one", "Chapter 1", parent="bucket-book"),
            a_bucket("bucket-two", "Chapter 2", parent="bucket-book"),
        ],
    )
    (output,) = ran.outputs
    assert output.bucket_ids == ("bucket-book",)
    texts = [(text["blob_id"], text["title"]) for text in ran.data["texts"]]
    assert texts == [("blob-opening", "Chapter 1"), ("blob-prose", "Chapter 2"), ("blob-afterword", "Book")]
    assert ran.data["metrics"]["words"] == 2 + 6 + 5
    assert [(one["blob_id"], one["quote"]) for one in ran.data["findings"]] == [("blob-prose", "was made")]


async def test_a_text_without_a_word_is_refused() -> None:
    with pytest.raises(Refuse, match="no word"):
        await analyse(a_blob("text-input-v1", {"content": " … 🎉\n"}))


async def test_a_bucket_that_is_not_there_or_does_not_hold_the_text_is_refused() -> None:
    note = a_text("A note.", "bucket-one")
    with pytest.raises(Refuse, match="no bucket of yours"):
        await analyse(note, settings={"bucket_id": "bucket-none"})
    with pytest.raises(Refuse, match="not in the bucket"):
        await analyse(note, settings={"bucket_id": "bucket-two"}, buckets=[a_bucket("bucket-two", "Two")])


async def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(Refuse, match="settings"):
        await analyse(a_blob("text-input-v1", {"content": "One."}), settings={"findings": ["spelling"]})


async def test_a_cancelled_run_ends_its_process() -> None:
    started, text = asyncio.Event(), "This is an test of the harbour. " * 4_000

    async def on_progress(fraction: float) -> None:
        started.set()

    request = AnalysisRequest(
        texts=(SourceText(blob_id="blob-1", revision=1, field="content", text=text),),
        settings=StyleSettings(language="en", max_grammar_words=1_000_000),
    )
    work = asyncio.create_task(analyse_in_child(request, on_progress))
    await asyncio.wait_for(started.wait(), 120)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work  # returns only after the child has ended


async def test_a_process_that_breaks_off_is_no_result() -> None:
    with pytest.raises(AnalysisEnded):
        await analyse_in_child(AnalysisRequest(texts=(), settings=StyleSettings()), lambda fraction: asyncio.sleep(0))
