"""A processor of a pipeline takes something that the one before it makes."""

import pytest

from reyna.domain.errors import Invalid
from reyna.domain.processing.processor import Processor
from reyna.services.processors.pipelines.pipeline_check import check_chain, fits, paths_of_saved
from reyna.services.processors.runs.input_blobs import subtree_of
from tests.services.processors.neighbours import NOON


def a_processor(takes: tuple[str, ...], makes: str, *further: str) -> Processor:
    return Processor(
        id=f"makes-{makes}",
        version="1.0.0",
        name="One",
        input_schemas=takes,
        output_schema=makes,
        output_schemas=further,
        registered_at=NOON,
        updated_at=NOON,
    )


EXPANSION = a_processor(("text-input-v1",), "expanded-text-v1")


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (EXPANSION, a_processor(("expanded-text-v1",), "style-analysis-v1"), True),
        (EXPANSION, a_processor(("text-input-v1", "expanded-text-v*"), "style-analysis-v1"), True),
        (EXPANSION, a_processor(("expanded-text-v2",), "style-analysis-v1"), False),
        (EXPANSION, a_processor(("expanded-v*",), "style-analysis-v1"), False),
        (a_processor(("a-v1",), "b-v1", "c-v3"), a_processor(("c-v*",), "d-v1"), True),
        (a_processor(("a-v1",), "a-v1"), a_processor(("a-v1",), "a-v1"), True),
    ],
)
def test_stages_fit_by_their_schemas(source: Processor, target: Processor, expected: bool) -> None:
    assert fits(source, target) is expected


def test_the_first_stage_that_does_not_fit_is_named_with_the_missing_schema() -> None:
    analysis = a_processor(("expanded-text-v*",), "style-analysis-v1")
    chain = [EXPANSION, analysis, analysis]
    with pytest.raises(Invalid) as refusal:
        check_chain(chain, [paths_of_saved(number) for number in range(3)])
    (error,) = refusal.value.errors
    assert error.path == "/stages/2/processor_id"
    assert "takes expanded-text-v*" in error.message
    assert "makes style-analysis-v1" in error.message


def test_a_subtree_holds_every_bucket_below_once() -> None:
    parents = {"book": None, "one": "book", "two": "book", "scene": "one", "album": None, "loop": "loop"}
    assert subtree_of("book", parents) == ["book", "one", "two", "scene"]
    assert subtree_of("loop", parents) == ["loop"]
    assert subtree_of("gone", parents) == ["gone"]
