"""Answers of a language model that must fit a schema."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from reyna.ports.language import Completion, Prompt
from reyna.sdk import Blob, Context, UnusableAnswer
from reyna.sdk.language.metered import MeteredLanguage
from reyna.sdk.language.structured_output import extract_json
from tests.sdk.conftest import Stage
from tests.sdk.services_in_memory import publish_work

SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}
PROMPT = Prompt(system="You name stories.", user="A ship in a storm.", max_tokens=50)


class Answers:
    """A model that gives these answers, one after the other."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.prompts: list[Prompt] = []

    async def complete(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        return Completion(text=self.answers.pop(0), model="m", input_tokens=10, output_tokens=1)

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Completion]:
        raise NotImplementedError


async def test_an_answer_comes_as_a_value_and_the_endpoint_knows_the_schema() -> None:
    model = Answers('{"title": "Storm"}')
    assert await MeteredLanguage(model).complete_json(PROMPT, SCHEMA) == {"title": "Storm"}
    assert model.prompts[0].schema == SCHEMA
    assert '"title"' in model.prompts[0].system


async def test_an_answer_that_does_not_fit_is_sent_back_once_with_its_errors() -> None:
    model = Answers('{"name": "Storm"}', '{"title": "Storm"}')
    language = MeteredLanguage(model)
    assert await language.complete_json(PROMPT, SCHEMA) == {"title": "Storm"}
    assert '{"name": "Storm"}' in model.prompts[1].user
    assert "title" in model.prompts[1].user
    assert language.cost.input_tokens == 20


@pytest.mark.parametrize("answer", ["", "I cannot.", '{"title": 7}', "[" * 100_000, '{"title": "cut'])
async def test_a_second_wrong_answer_is_refused_and_kept(answer: str) -> None:
    with pytest.raises(UnusableAnswer) as refused:
        await MeteredLanguage(Answers("{}", answer)).complete_json(PROMPT, SCHEMA)
    assert refused.value.answer == answer


@pytest.mark.parametrize("answer", ['```json\n{"a": [1]}\n```', 'Here it is: {"a": [1]} Enjoy!', ' {"a": [1]} '])
def test_the_value_is_found_between_words_and_in_a_code_block(answer: str) -> None:
    assert extract_json(answer) == {"a": [1]}


async def test_a_run_with_an_unusable_answer_is_refused_with_that_answer(stage: Stage) -> None:
    async def ask(blob: Blob, context: Context[Any]) -> Any:
        raise UnusableAnswer.of("no title.", "I would rather not.")

    await stage.start_worker(ask)
    await publish_work(stage.bus, stage.work)
    assert "I would rather not." in await stage.services.wait_for_call("refuse")
