"""Prompts in parts: the parts are always exactly the texts that are sent."""

from msgspec.structs import replace

from reyna.ports.language import Prompt
from reyna.sdk import PromptPart

PARTS = (
    PromptPart(text="You are a novelist. ", source="style setting", role="system"),
    PromptPart(text="Write:\n", source="instruction"),
    PromptPart(text="Be brief.", source="instruction", role="system"),
    PromptPart(text="The ship.", source="note", blob_id="blob-1"),
)


def test_a_prompt_is_built_from_its_parts() -> None:
    prompt = Prompt.of_parts(PARTS, max_tokens=10, temperature=0.1)
    assert (prompt.system, prompt.user) == ("You are a novelist. Be brief.", "Write:\nThe ship.")
    assert (prompt.max_tokens, prompt.temperature, prompt.sent_parts) == (10, 0.1, PARTS)


def test_a_prompt_of_plain_texts_has_a_part_for_each() -> None:
    prompt = Prompt(system="Be brief.", user="The ship.", max_tokens=10)
    assert [(part.role, part.text, part.source) for part in prompt.sent_parts] == [
        ("system", "Be brief.", "instruction"),
        ("user", "The ship.", "prompt"),
    ]
    assert len(Prompt(system="", user="The ship.", max_tokens=10).sent_parts) == 1


def test_parts_that_are_not_what_is_sent_are_not_shown() -> None:
    changed = replace(Prompt.of_parts(PARTS, max_tokens=10), user="Another text.")
    assert "".join(part.text for part in changed.sent_parts if part.role == "user") == "Another text."
