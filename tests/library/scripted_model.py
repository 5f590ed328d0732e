"""A language model that says what a test tells it to."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from reyna.ports.language import Completion, Prompt


class Scripted:
    """`says` gives the answer to a prompt, which is streamed word by word; an error in its place is raised.

    `prompts` holds what was asked, `most` is how many answers were under way at the same time.
    """

    def __init__(self, says: Callable[[Prompt], str | Exception]) -> None:
        self._says = says
        self.prompts: list[Prompt] = []
        self.now = self.most = 0

    async def complete(self, prompt: Prompt) -> Completion:
        answer = self._begin(prompt)
        return Completion(text=answer, model="scripted", input_tokens=10, output_tokens=len(answer.split()))

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            answer = self._begin(prompt)
            for word in answer.split(" "):
                await asyncio.sleep(0)
                yield word + " "
            yield Completion(text=answer, model="scripted", input_tokens=10, output_tokens=len(answer.split()))
        finally:
            self.now -= 1

    def _begin(self, prompt: Prompt) -> str:
        self.prompts.append(prompt)
        answer = self._says(prompt)
        if isinstance(answer, Exception):
            raise answer
        return answer
