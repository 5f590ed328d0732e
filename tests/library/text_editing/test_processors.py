"""Rewriting, shortening, describing, continuing and making prose of beats: what is asked, made and kept."""

from typing import Any

import pytest

from reyna.library.text_editing import (
    beat_expansion,
    sensory_description,
    text_continuation,
    text_rewriting,
    text_shortening,
)
from reyna.library.text_editing.beats import beats_in
from reyna.ports.language import Prompt
from reyna.sdk import Processor, Refuse
from reyna.sdk.testing import RunResult, a_blob, run
from reyna.services.schemas.system import system_schemas
from reyna.validation.validator import Validator
from tests.library.scripted_model import Scripted

NOTE = 'Mara reached Lisbon on 3 May. "Nobody waits for me," she said, and she carried her case up the hill.'
GOOD = 'On 3 May, Mara came to Lisbon. "Nobody waits for me," she said. She bore her case uphill.'
ALL: list[Processor[Any]] = [
    text_rewriting,
    text_shortening,
    sensory_description,
    text_continuation,
    beat_expansion,
]


async def edit(processor: Processor[Any], answer: str | list[str], note: str = NOTE, **settings: Any) -> RunResult:
    answers = [answer] if isinstance(answer, str) else list(answer)

    def say(prompt: Prompt) -> str:
        return answers.pop(0) if len(answers) > 1 else answers[0]

    blob = a_blob("text-input-v1", {"content": note})
    return await run(processor, blob, language=Scripted(say), settings=settings)


@pytest.mark.parametrize("processor", ALL, ids=lambda processor: processor.id)
async def test_what_is_made_fits_its_schema_and_has_no_chatter(processor: Processor[Any]) -> None:
    data = (await edit(processor, f"Sure! Here is the text:\n\n{GOOD}")).data
    (schema,) = [one for one in system_schemas() if f"{one.name}-v1" == processor.makes]
    assert Validator(schema.json_schema).errors(data) == ()
    assert "Sure" not in (data.get("content") or data["expanded"])


@pytest.mark.parametrize("processor", ALL, ids=lambda processor: processor.id)
async def test_the_demonstration_model_is_not_asked(processor: Processor[Any]) -> None:
    language = Scripted(lambda prompt: GOOD)
    blob = a_blob("text-input-v1", {"content": NOTE})
    with pytest.raises(Refuse, match="connect one"):
        await run(processor, blob, language=language, demonstration=True)
    assert language.prompts == []


async def test_a_rewriting_is_a_draft_of_an_edited_text() -> None:
    data = (await edit(text_rewriting, GOOD, style="formal")).data
    assert (data["content"], data["original"], data["status"], data["style"]) == (GOOD, NOTE, "draft", "formal")
    assert "notes" not in data


async def test_what_was_lost_is_asked_for_once_more_and_then_named() -> None:
    lost = "She came to the city and carried her case uphill."
    result = await edit(text_shortening, [lost, GOOD])
    assert result.data["content"] == GOOD
    assert "exactly as they are: Lisbon; 3; Nobody waits for me," in result.prompts[1].parts[-3].text
    still = (await edit(text_shortening, lost)).data
    assert still["notes"] == "Missing names: Lisbon\nMissing numbers: 3\nMissing quotations: Nobody waits for me,"


async def test_a_continuation_keeps_the_text_letter_by_letter_and_marks_new_names_behind_it() -> None:
    data = (await edit(text_continuation, "At the top, a man called Tom Riley stood.", direction="She meets him.")).data
    assert data["expanded"] == f"{NOTE}\n\nAt the top, a man called Tom Riley stood."
    (finding,) = data["findings"]
    place = finding["place"]
    assert (finding["kind"], data["expanded"][place["start"] : place["end"]]) == ("new_name", "Tom Riley")


async def test_the_senses_and_the_length_are_in_the_prompt() -> None:
    result = await edit(sensory_description, GOOD, senses=["smell", "touch"], ratio=3.0)
    asked = "".join(part.text for part in result.prompts[0].parts)
    assert "for these senses: smell, touch." in asked
    assert "about 60 words" in asked


async def test_beats_are_lines_whatever_their_bullets() -> None:
    beats = "- Mara arrives.\n\n2. She finds the key\n* The door opens"
    assert beats_in(beats) == ["Mara arrives.", "She finds the key", "The door opens"]
    result = await edit(beat_expansion, "Mara arrived, and found the key.", beats, words_per_beat=50)
    assert "about 150 words" in "".join(part.text for part in result.prompts[0].parts)
    with pytest.raises(Refuse, match="40 beats"):
        await edit(beat_expansion, GOOD, "- One more beat.\n" * 41)


async def test_progress_shows_the_text_in_reading_order() -> None:
    result = await edit(text_rewriting, GOOD, "\n\n".join([NOTE] * 3))
    texts = [text for _, text in result.reports if text]
    assert texts[-1] == result.data["content"]
    assert all(fraction <= 1 for fraction, _ in result.reports)


async def test_an_answer_without_prose_is_refused() -> None:
    with pytest.raises(Refuse, match="no prose"):
        await edit(text_rewriting, "")
