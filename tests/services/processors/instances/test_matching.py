"""Which switched-on instances a new blob is for."""

from typing import Any

import pytest

from reyna.domain.processing.processor import Instance, Processor
from reyna.services.processors.instances.matching import is_eligible, match_instances
from tests.services.processors.neighbours import NOON, a_blob


def a_processor(id: str = "text-expansion", **other: Any) -> Processor:
    plain: dict[str, Any] = {
        "version": "1.0.0",
        "name": id,
        "input_schemas": ("text-input-v1",),
        "output_schema": "expanded-text-v1",
        "registered_at": NOON,
        "updated_at": NOON,
    }
    return Processor(id=id, **plain | other)


def an_instance(bucket_id: str | None = None, processor_id: str = "text-expansion", *, on: bool = True) -> Instance:
    return Instance(
        id=f"instance-{processor_id}-{bucket_id}",
        user_id="user-ana",
        processor_id=processor_id,
        bucket_id=bucket_id,
        enabled=on,
        created_at=NOON,
        updated_at=NOON,
    )


def matched(
    *instances: Instance,
    processors: tuple[Processor, ...] = (a_processor(),),
    schema_id: str = "text-input-v1",
    containing: tuple[str, ...] = ("chapter", "part", "book"),
    lineage: tuple[str, ...] = ("user-input",),
    content: str = "The ship sailed into the storm.",
) -> list[Instance]:
    known = {processor.id: processor for processor in processors}
    data = {"content": content}
    return match_instances(instances, known, schema_id=schema_id, data=data, containing=containing, lineage=lineage)


def test_a_processor_takes_what_is_as_long_as_it_says() -> None:
    everywhere, short = an_instance(), a_processor(range="3 to 6 words")
    assert matched(everywhere, processors=(short,)) == [everywhere]
    assert matched(everywhere, processors=(short,), content="Too short") == []
    assert matched(everywhere, processors=(short,), content="one two three four five six seven") == []


def test_a_range_in_other_words_keeps_nothing_from_a_processor() -> None:
    everywhere, vague = an_instance(), a_processor(range="brief notes")
    assert matched(everywhere, processors=(vague,), content="Too short") == [everywhere]


def test_an_instance_for_everywhere_takes_a_blob_anywhere() -> None:
    everywhere = an_instance()
    assert matched(everywhere) == [everywhere]
    assert matched(everywhere, containing=()) == [everywhere]


def test_an_instance_for_a_bucket_takes_what_lies_in_its_subtree() -> None:
    book = an_instance("book")
    assert matched(book) == [book]
    assert matched(book, containing=("album",)) == []
    assert matched(book, containing=()) == []


def test_an_instance_that_is_off_takes_nothing() -> None:
    assert matched(an_instance(on=False)) == []


def test_only_the_schemas_a_processor_takes_wake_it() -> None:
    assert matched(an_instance(), schema_id="expanded-text-v1") == []


def test_a_manual_processor_is_never_woken() -> None:
    assert matched(an_instance(), processors=(a_processor(trigger="manual"),)) == []


def test_an_instance_of_an_unknown_processor_takes_nothing() -> None:
    assert matched(an_instance(processor_id="forgotten")) == []


def test_the_nearest_instance_of_a_processor_takes_the_blob_alone() -> None:
    everywhere, book, chapter = an_instance(), an_instance("book"), an_instance("chapter")
    assert matched(everywhere, chapter, book) == [chapter]
    assert matched(book, everywhere) == [book]


def test_a_processor_switched_off_for_a_bucket_stays_off_there_though_it_is_on_everywhere() -> None:
    assert matched(an_instance(), an_instance("book", on=False)) == []
    everywhere = an_instance()
    assert matched(everywhere, an_instance("album", on=False)) == [everywhere]


def test_each_processor_takes_the_blob_by_itself() -> None:
    expansion, analysis = an_instance(), an_instance("book", "style-analyzer")
    both = (a_processor(), a_processor("style-analyzer"))
    assert matched(expansion, analysis, processors=both) == [expansion, analysis]


def test_a_processor_does_not_take_what_it_had_a_hand_in() -> None:
    assert matched(an_instance(), lineage=("style-analyzer", "text-expansion", "user-input")) == []


def test_what_is_in_the_trash_or_was_imported_is_not_offered() -> None:
    assert is_eligible(a_blob("user-ana"))
    assert not is_eligible(a_blob("user-ana", trashed_at=NOON))
    assert not is_eligible(a_blob("user-ana", author_kind="import"))


@pytest.mark.parametrize(
    ("taken", "schema_id", "matches"),
    [
        ("text-input-v1", "text-input-v1", True),
        ("text-input-v1", "text-input-v2", False),
        ("text-input-v*", "text-input-v1", True),
        ("text-input-v*", "text-input-v12", True),
        ("text-input-v*", "text-input-v", False),
        ("text-input-v*", "text-input-vx", False),
        ("text-input-v*", "other-text-input-v1", False),
        ("text-input-v*", "text-input-more-v1", False),
        ("text-v*", "text-input-v1", False),
    ],
)
def test_a_pattern_takes_every_major_of_its_schema(taken: str, schema_id: str, *, matches: bool) -> None:
    pattern = a_processor(input_schemas=("style-analysis-v1", taken))
    assert matched(an_instance(), processors=(pattern,), schema_id=schema_id) == ([an_instance()] if matches else [])


def test_a_processor_with_a_depth_takes_what_it_had_a_hand_in() -> None:
    deep = a_processor(max_depth=3)
    assert matched(an_instance(), processors=(deep,), lineage=("text-expansion",)) == [an_instance()]
