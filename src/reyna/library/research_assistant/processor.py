"""The research assistant: the processor that gathers sources on a question, and answers it from them alone."""

from typing import Any, Final

from reyna.domain.text.tokens import estimate_tokens
from reyna.library.research_assistant.deduplication import merge_duplicates
from reyna.library.research_assistant.gathering import gather_sources
from reyna.library.research_assistant.prompt import (
    ANSWER_TOKENS_BY_DEPTH,
    INSTRUCTION,
    MAX_SOURCE_CHARACTERS,
    SOURCES_BY_DEPTH,
)
from reyna.library.research_assistant.question import read_question
from reyna.library.research_assistant.ranking import rank_sources
from reyna.library.research_assistant.results import SOURCE_SCHEMA, list_of, results_data, source_blobs
from reyna.library.research_assistant.settings import ResearchSettings
from reyna.library.research_assistant.sources.network import NetworkSources, public_sources
from reyna.library.research_assistant.synthesis import synthesise
from reyna.sdk import Blob, Context, Derived, Processor, TokenEstimate

GATHERED_FRACTION: Final = 0.5
TOKENS_PER_CHARACTER: Final = 0.3  # of sources in European languages
CALLS: Final = 2  # one to learn which model answers


def build_research_assistant(network: NetworkSources) -> Processor[ResearchSettings]:
    """Returns the processor, which may ask these sources on the network and no others."""
    processor = Processor(
        "research-assistant",
        takes="research-query-v1",
        makes="research-results-v1",
        settings=ResearchSettings,
        name="Research assistant",
        description="Looks into your library, and into sources on the network that you name, and answers a question "
        "from them, with a citation for each sentence.",
        output_schemas=(SOURCE_SCHEMA,),
        rehearsal="never",  # the sources would be asked for it
    )

    @processor
    async def research(blob: Blob, context: Context[ResearchSettings]) -> list[dict[str, Any] | Derived]:
        return await research_question(blob, context, network)

    processor.estimate(estimate_research)
    return processor


async def research_question(
    blob: Blob, context: Context[ResearchSettings], network: NetworkSources
) -> list[dict[str, Any] | Derived]:
    """Returns the result, and each source of the network that it lists as a blob of its own.

    Raises Refuse for a question without a word to search for, and for a bucket that is not there.
    """
    question = read_question(blob)
    gathered = await gather_sources(question, context, network)
    await context.progress(GATHERED_FRACTION)
    ranked = rank_sources(merge_duplicates(gathered.sources), question)
    listed = list_of([one.source for one in ranked if one.is_relevant][: context.settings.max_sources])
    synthesis = await synthesise(question, listed.sources, context)
    data = results_data(question, gathered, listed, synthesis)
    if synthesis.answer is not None:
        cost = context.cost
        data |= {"model": cost.model or "", "tokens": {"input": cost.input_tokens, "output": cost.output_tokens}}
    await context.progress(1.0, data["summary"])
    return [data, *(source_blobs(question, listed) if context.settings.keep_sources else [])]


def estimate_research(blob: Blob, settings: ResearchSettings) -> TokenEstimate:
    """Returns the most that an answer from as many sources as are read will use. Raises Refuse as the processor."""
    question = read_question(blob)
    sources = min(settings.max_sources, SOURCES_BY_DEPTH[question.depth])
    read = int(sources * MAX_SOURCE_CHARACTERS * TOKENS_PER_CHARACTER)
    return TokenEstimate(
        input_tokens=read + estimate_tokens(INSTRUCTION + question.text + question.context),
        output_tokens=ANSWER_TOKENS_BY_DEPTH[question.depth],
        calls=CALLS,
    )


research_assistant = build_research_assistant(public_sources())
