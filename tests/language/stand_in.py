"""A language model of which a test says what it does, and a clock that a test turns."""

import asyncio
from collections.abc import AsyncGenerator

from reyna.ports.language import Completion, Prompt
from tests.support.collector import Collector

PROMPT = Prompt(system="You are a novelist.", user="Go on.", max_tokens=50)
Deed = Exception | str | None


class ModelStandIn:
    """Writes the next text of its list, raises the next exception, or, for None, writes until `go_on` is set."""

    def __init__(self, *answers: Deed) -> None:
        self.answers = list(answers)
        self.asked = Collector[Prompt]()
        self.parallel, self.most_parallel = 0, 0
        self.go_on = asyncio.Event()

    async def complete(self, prompt: Prompt) -> Completion:
        self.asked(prompt)
        self.parallel += 1
        self.most_parallel = max(self.parallel, self.most_parallel)
        try:
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if isinstance(answer, Exception):
                raise answer
            if answer is None:
                await self.go_on.wait()
            return Completion(text=answer or "", model="m", input_tokens=1, output_tokens=1)
        finally:
            self.parallel -= 1

    async def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]:
        """Yields `first`, and then does what `complete` does."""
        yield "first"
        yield await self.complete(prompt)


class HandClock:
    """A clock in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
