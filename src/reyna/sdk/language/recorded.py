"""A language model whose prompts and answers are recorded."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from reyna.ports.language import Completion, Language, Prompt
from reyna.ports.streams import as_generator
from reyna.sdk.prompts.prompt_log import PromptLog


class RecordedLanguage:
    """A Language decorator that records every prompt as it is sent, and how its call ended."""

    def __init__(self, language: Language, log: PromptLog) -> None:
        self._language, self._log = language, log

    async def complete(self, prompt: Prompt) -> Completion:
        call = self._log.begin(prompt)
        try:
            completion = await self._language.complete(prompt)
        except BaseException as error:
            call.fail(error)
            raise
        call.answer(completion)
        return completion

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        call, pieces = self._log.begin(prompt), list[str]()
        is_answered = False
        try:
            async with aclosing(as_generator(self._language.stream(prompt))) as source:
                async for piece in source:
                    if isinstance(piece, Completion):
                        is_answered = True
                        call.answer(piece)
                    else:
                        pieces.append(piece)
                    yield piece
        except GeneratorExit:  # its reader has enough
            if not is_answered:
                call.break_off("".join(pieces))
            raise
        except BaseException as error:
            call.fail(error, "".join(pieces))
            raise
