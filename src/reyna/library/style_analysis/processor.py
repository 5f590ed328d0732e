"""The style analyzer: the processor that measures a text, and finds the places that are worth another look."""

from typing import Any

from reyna.library.style_analysis.child_process import analyse_in_child
from reyna.library.style_analysis.judgements import add_judgements
from reyna.library.style_analysis.settings import StyleSettings
from reyna.library.style_analysis.sources import read_request
from reyna.library.text_versions import TEXT_SCHEMAS
from reyna.sdk import Blob, Context, Derived, Processor

style_analyzer = Processor(
    "style-analyzer",
    takes=TEXT_SCHEMAS,
    makes="style-analysis-v1",
    settings=StyleSettings,
    name="Style analyzer",
    description="Measures how a text reads, and marks what is worth another look: on one text, or on a whole book.",
)


@style_analyzer
async def analyse_style(blob: Blob, context: Context[StyleSettings]) -> dict[str, Any] | Derived:
    """Returns the analysis of the text, or of all texts of the bucket that the settings name, which is placed there.

    Raises Refuse for a text without a word, for a bucket that does not hold the text, and for more than it takes.
    """
    request = await read_request(blob, context)
    data = await add_judgements(await analyse_in_child(request, context.progress), request, context)
    await context.progress(1.0)
    return data if request.bucket_id is None else Derived(data, buckets=(request.bucket_id,))
