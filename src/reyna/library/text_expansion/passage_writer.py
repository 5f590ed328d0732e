"""The writer of one passage: a model rewrites it at length, or continues it after each of its sentences."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from functools import lru_cache
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from reyna.domain.errors import Fault
from reyna.domain.text.languages import changes_language
from reyna.domain.text.sentences import has_open_quotation, is_finished
from reyna.domain.text.words import word_count
from reyna.library.text_expansion.answer_cleaning import BULLET
from reyna.library.text_expansion.answer_stream import AnswerStream, SentenceAndGap
from reyna.library.text_expansion.demonstration import IsUnfit, is_never_unfit
from reyna.library.text_expansion.passages import Passage
from reyna.library.text_expansion.prompts import Persona, continuation_prompt, rewriting_prompt
from reyna.library.text_expansion.sentence_rules import (
    begins_alike,
    changes_narrator,
    content_word_share,
    is_about_the_text,
    is_looping,
    is_repetition,
    shorten_sentence,
)
from reyna.sdk import Completion, Prompt, PromptPart

MIN_RATIO: Final = 3.0  # of the words of an expansion to those of its source
MAX_RATIO: Final = 5.0
MAX_EXCESS_RATIO: Final = 0.5  # of the words of the source, by which a passage may exceed its target
MIN_EXCESS_WORDS: Final = 12  # by which even the smallest passage may exceed it: a sentence has a length
NEGLIGIBLE_WORDS: Final = 6  # missing words that are left to the next sentence
MAX_PROMPTS_PER_SENTENCE: Final = 3
MAX_CLOSING_PROMPTS: Final = 4  # at the end of a passage that is still too short; the last half is not strict
MAX_REJECTED_CONTINUATIONS: Final = 2  # sentences in a row, after which the model has lost the thread: ask anew
MAX_REJECTED_REWRITINGS: Final = 4  # the same in a rewritten passage: it may come back to its story
MAX_BROKEN_ANSWERS: Final = 2  # in one passage
MAX_COUNTED_SENTENCES: Final = 10_000  # whose words are remembered
MAX_CONTEXT_WORDS: Final = 60  # that the model sees when it continues
MIN_SENTENCE_WORDS: Final = 4  # a shorter line is a greeting, a name, a heading, and is not continued
MIN_KEPT_WORDS: Final = 3  # of a sentence of the model
MIN_CONTENT_WORD_SHARE: Final = 0.4  # of the source's content words, in a rewriting: it is the same story
MIN_TARGET_SHARE: Final = 0.4  # of the target, in a rewriting: it is not an echo
MIN_USABLE_SHARE: Final = 0.7  # of the sentences of a rewriting that are fit to keep


class StreamingModel(Protocol):
    """Streams pieces of text, then one Completion."""

    def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]: ...


class WrittenSentence(msgspec.Struct, frozen=True):
    """A sentence of the expansion; `from_source` when it stands in the source."""

    text: str
    gap: str
    from_source: bool = False
    verbatim: bool = False

    @property
    def words(self) -> int:
        return _count_words(self.text)


class PassageWriter:
    """Writes the expansion of one passage; `written` is the text so far, sentence by sentence.

    `target` is the wanted ratio of words, and `changed` is called whenever the text has changed. `background` are parts
    of the prompt that come before the passage. With a rule `is_unfit`, a sentence is shown once it has passed it.
    """

    def __init__(
        self,
        model: StreamingModel,
        passage: Passage,
        persona: Persona,
        *,
        target: float,
        changed: Callable[[], Awaitable[None]],
        background: Sequence[PromptPart] = (),
        is_unfit: IsUnfit = is_never_unfit,
    ) -> None:
        self.passage, self.written = passage, list[WrittenSentence]()
        self._model, self._persona, self._changed = model, persona, changed
        self._background, self._is_unfit = background, is_unfit
        self._target_words = target * passage.words
        excess = max(MAX_EXCESS_RATIO * passage.words, MIN_EXCESS_WORDS)
        self._max_words = min(self._target_words + excess, MAX_RATIO * passage.words)
        self._visible_answer: AnswerStream | None = None  # the answer that is being written, if it may be shown
        self._rest: list[WrittenSentence] = []  # sentences of the base that follow further on
        self._spare: str | None = None  # a shortened sentence, for an answer that was too long
        self._broken_answers = 0

    @property
    def words(self) -> int:
        return sum(sentence.words for sentence in self.written)

    @property
    def ratio(self) -> float:
        return self.words / max(self.passage.words, 1)

    @property
    def text(self) -> str:
        """The text so far, and the sentence that is being written if it may be shown."""
        unread = self._visible_answer.unread_text() if self._visible_answer else ""
        return "".join(sentence.gap + sentence.text for sentence in self.written) + unread

    async def rewrite(self, *, keep: Sequence[str] = ()) -> bool:
        """Asks for the whole passage at once; returns False, and keeps nothing, when it is not the same story.

        `keep` are words of the passage that an earlier answer has lost.
        """
        self.written = []
        read = rejected = 0
        prompt = rewriting_prompt(
            self._persona,
            self.passage,
            target_words=self._target_words,
            max_words=self._max_words,
            background=self._background,
            keep=keep,
        )
        async with aclosing(self._stream_sentences(prompt, visible=self._is_unfit is is_never_unfit)) as answer:
            async for sentence, gap in answer:
                read += 1
                rejected += 1
                if self._is_usable(sentence, strict=True):
                    rejected = 0
                    await self._add(sentence, gap if self.written else self.passage.segments[0].gap)
                if self.words >= self._max_words or rejected >= MAX_REJECTED_REWRITINGS:
                    break
        self.shorten(self._max_words)
        if self._is_same_story(read):
            return True
        self.written = []
        return False

    async def extend(self) -> None:
        """Keeps the sentences so far (by default the source's) and lets the model continue after each of them.

        Ends when the passage has its length, or after a bounded number of prompts.
        """
        base = self.written or self._source_sentences()
        rest = sum(sentence.words for sentence in base)
        growth = self._target_words / max(rest, 1)
        self.written, self._rest, wanted = [], list(base), 0.0
        for sentence in base:
            self.written.append(self._rest.pop(0))
            await self._changed()
            rest -= sentence.words
            wanted += growth * sentence.words
            if _may_be_continued(sentence):  # otherwise its share goes to the next sentence
                await self._continue_until(wanted, rest)
        await self._continue_to_minimum()

    async def extend_once(self) -> bool:
        """Asks once more, and takes any prose at all; returns False when nothing came of it."""
        before = self.words
        await self._continue(self._max_words, 0, again=True, strict=False)
        return self.words > before

    def finish_early(self) -> None:
        """Completes a passage that was broken off with what follows in its base, or with the source."""
        if not self.written or not any(sentence.from_source for sentence in (*self.written, *self._rest)):
            self.written, self._rest = self._source_sentences(), []
        self.written += self._rest
        self._rest = []

    def shorten(self, max_words: float) -> None:
        """Drops added sentences from the end until the passage has at most so many words, or none is left."""
        while self.words > max_words and any(not sentence.from_source for sentence in self.written):
            del self.written[max(n for n, sentence in enumerate(self.written) if not sentence.from_source)]

    def _source_sentences(self) -> list[WrittenSentence]:
        return [
            WrittenSentence(segment.text, segment.gap, from_source=True, verbatim=segment.verbatim)
            for segment in self.passage.segments
        ]

    async def _continue_until(self, wanted: float, rest: int) -> None:
        for number in range(MAX_PROMPTS_PER_SENTENCE):
            if wanted - self.words < NEGLIGIBLE_WORDS:
                return
            await self._continue(wanted, rest, again=number > 0)

    async def _continue_to_minimum(self) -> None:
        for number in range(MAX_CLOSING_PROMPTS):
            if self.ratio >= MIN_RATIO:
                return
            await self._continue(self._target_words, 0, again=True, strict=number < MAX_CLOSING_PROMPTS / 2)

    async def _continue(self, wanted: float, rest: int, *, again: bool, strict: bool = True) -> None:
        """Adds the model's next sentences until there are `wanted` words; `rest` words of the base follow later."""
        self._spare, rejected, before = None, 0, self.words
        source = [sentence.text for sentence in (*self.written, *self._rest) if sentence.from_source]
        limit = min(self._max_words - rest, max(wanted + 3 * NEGLIGIBLE_WORDS, wanted * 1.1))
        prompt = continuation_prompt(self._persona, self._thread(), missing_words=wanted - self.words, again=again)
        async with aclosing(self._stream_sentences(prompt)) as answer:
            async for sentence, _ in answer:
                usable = self._is_usable(sentence, strict=strict)
                if usable and self.words + word_count(sentence) <= limit:
                    await self._add(sentence, " ")
                    rejected = 0
                else:
                    rejected += not is_repetition(sentence, source)  # many an answer begins with an echo
                    if usable:
                        self._spare = self._spare or shorten_sentence(sentence, int(limit) - self.words)
                if self.words >= wanted or rejected >= MAX_REJECTED_CONTINUATIONS:
                    break
        if self.words == before and self._spare and (again or self._target_words < 10 * NEGLIGIBLE_WORDS):
            await self._add(self._spare, " ")

    def _thread(self) -> str:
        """Returns the text to continue: the source's last sentences, and everything added to the very last one.

        So the model comes back to the source again and again instead of drifting away from itself.
        """
        last = max((number for number, sentence in enumerate(self.written) if sentence.from_source), default=0)
        thread = [sentence.text for sentence in self.written[last:]]
        for sentence in reversed(self.written[:last]):
            fits = sum(map(word_count, thread)) + sentence.words <= MAX_CONTEXT_WORDS
            if sentence.from_source and not sentence.verbatim and fits:
                thread.insert(0, sentence.text)
        return " ".join(BULLET.sub("", "\n".join(thread)).split()[-2 * MAX_CONTEXT_WORDS :])

    async def _stream_sentences(self, prompt: Prompt, *, visible: bool = False) -> AsyncGenerator[SentenceAndGap, None]:
        """Yields whole, clean sentences as soon as they are written; with `visible`, the unfinished one is in `text`.

        Of an answer that breaks off, the whole sentences are used. Raises Fault for the third such answer.
        """
        answer = AnswerStream()
        self._visible_answer = answer if visible else None
        try:
            async with aclosing(self._model.stream(prompt)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        continue
                    for sentence in answer.add(piece):
                        yield sentence
                    if visible:
                        await self._changed()
        except Fault:
            self._broken_answers += 1
            if self._broken_answers > MAX_BROKEN_ANSWERS:
                raise
        finally:
            self._visible_answer = None
        for sentence in answer.read_rest():
            yield sentence

    def _is_usable(self, sentence: str, *, strict: bool) -> bool:
        if word_count(sentence) < MIN_KEPT_WORDS or has_open_quotation(sentence) or not is_finished(sentence):
            return False
        earlier, ahead = ([one.text for one in sentences] for sentences in (self.written, self._rest))
        source = f"{self.passage.before} {self.passage.text} {self.passage.after}"
        if is_looping(sentence, source) or is_repetition(sentence, [*earlier, *ahead]):
            return False
        if is_about_the_text(sentence, source) or self._is_unfit(sentence):
            return False
        return not strict or not (
            changes_narrator(sentence, source) or changes_language(sentence, source) or begins_alike(sentence, earlier)
        )

    def _is_same_story(self, sentences_read: int) -> bool:
        text = " ".join(sentence.text for sentence in self.written)
        if content_word_share(text, self.passage.text) < MIN_CONTENT_WORD_SHARE:
            return False
        usable = len(self.written) >= MIN_USABLE_SHARE * sentences_read
        return self.ratio >= MIN_RATIO or (usable and self.words >= MIN_TARGET_SHARE * self._target_words)

    async def _add(self, sentence: str, gap: str) -> None:
        last = self.written[-1] if self.written else None
        if last and last.from_source and gap == " " and last.text[-1].isalnum():  # a list item, a title
            self.written[-1] = replace(last, text=last.text + ".")
        self.written.append(WrittenSentence(sentence, gap))
        await self._changed()


@lru_cache(maxsize=MAX_COUNTED_SENTENCES)
def _count_words(sentence: str) -> int:
    """Returns the words of a sentence, which is counted at every report of progress."""
    return word_count(sentence)


def _may_be_continued(sentence: WrittenSentence) -> bool:
    """Returns False for code, a greeting, a heading or the beginning of a list."""
    return not (sentence.verbatim or sentence.words < MIN_SENTENCE_WORDS or sentence.text.endswith((":", ",")))
