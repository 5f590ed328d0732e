"""One part of a text being expanded with a model: rewritten at length, or grown around the sentences it has."""

import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from reyna.domain.errors import Fault
from reyna.library import cleaning, prose
from reyna.library.parts import Part
from reyna.sdk import Completion, Prompt

ENDS: Final = re.compile(r"[.!?…。！？\n]")  # noqa: RUF001
LEAST: Final = 3.0  # times the words of the source: what an expansion must reach
MOST: Final = 5.0  # and what it must not exceed
ROOM: Final = 0.5  # times the words of the source by which a part may exceed its target
LEEWAY: Final = 12  # words by which even the smallest part may exceed it: a sentence has a length
FEW: Final = 6  # missing words that are left to the next sentence
ROUNDS: Final = 3  # questions to the model about one sentence
CLOSING_ROUNDS: Final = 4  # more of them at the end of a part that is still too short; the last half is not strict
REJECTED: Final = 2  # sentences in a row that could not be used: the model has lost the thread, ask anew
LOST: Final = 4  # the same where a whole part is rewritten: it may come back to its story
FAULTS: Final = 2  # answers of the model that may break off in one part
TAIL: Final = 60  # words that the model sees when it goes on
SHORT: Final = 4  # words; a line of fewer is a greeting, a name, a heading, and nothing is added to it
TOKENS_PER_WORD: Final = 2.0  # generous, since what is too much is cut as it comes: English has 1.3, German 2
KEPT: Final = 0.4  # of the source's weighty words must be in what was rewritten: it is the same story
HALFWAY: Final = 0.4  # of the wanted words must be in it, or it is an echo
USABLE: Final = 0.7  # of the sentences of what was rewritten must be fit to keep
WARM: Final = 0.6  # temperature to begin with
WARMER: Final = 0.9  # when a question is asked again, so that the answer is another one


class Model(Protocol):
    def stream(self, prompt: Prompt) -> AsyncGenerator[str | Completion, None]: ...


class Voice(msgspec.Struct, frozen=True):
    """Who the model is asked to be (`a novelist`), and in which language it is to write, if that is known."""

    role: str
    language: str | None = None

    def says(self, task: str) -> str:
        language = f" You write in {self.language}." if self.language not in (None, "English") else ""
        return f"You are {self.role}. {task}{language}"


class Line(msgspec.Struct, frozen=True):
    """A sentence of the expansion; `own` when it is the source's."""

    text: str
    gap: str
    own: bool = False
    verbatim: bool = False

    @property
    def words(self) -> int:
        return prose.count(self.text)


class Writing:
    """The part as it grows. `lines` is what stands so far."""

    def __init__(
        self, model: Model, part: Part, voice: Voice, *, target: float, changed: Callable[[], Awaitable[None]]
    ) -> None:
        self.part, self.lines = part, list[Line]()
        self._shown: _Answer | None = None  # what is being written and may be seen already
        self._model, self._voice, self._changed = model, voice, changed
        self._goal = target * part.words
        self._most = min(target * part.words + max(ROOM * part.words, LEEWAY), MOST * part.words)
        self._ahead: list[str] = []  # what the base still says further on
        self._spare: str | None = None
        self._faults = 0

    @property
    def words(self) -> int:
        return sum(line.words for line in self.lines)

    @property
    def ratio(self) -> float:
        return self.words / max(self.part.words, 1)

    @property
    def text(self) -> str:
        """What stands so far, and the sentence that is being written if it may be seen."""
        tail = self._shown.tail() if self._shown else ""
        return "".join(line.gap + line.text for line in self.lines) + tail

    # --- rewritten at length ---

    async def rewrite(self) -> bool:
        """Ask for the whole part at once. False, and nothing is kept, when it is not the same story at length."""
        seen = rejected = 0
        async with aclosing(self._sentences(self._rewriting(), show=True)) as answer:
            async for sentence, gap in answer:
                seen += 1
                rejected += 1
                if self._fits(sentence, strict=True):
                    rejected = 0
                    await self._add(sentence, gap if self.lines else self.part.units[0].gap)
                if self.words >= self._most or rejected >= LOST:
                    break
        self._drop_beyond(self._most)
        text = " ".join(line.text for line in self.lines)
        same_story = cleaning.key_words_kept(text, self.part.text) >= KEPT
        usable = len(self.lines) >= USABLE * seen and self.words >= HALFWAY * self._goal
        if same_story and (usable or self.ratio >= LEAST):
            return True
        self.lines = []
        return False

    def _rewriting(self) -> Prompt:
        around = "".join(
            f"{where} it stands, and is told elsewhere: {text}\n\n"
            for where, text in (("Before", self.part.before), ("After", self.part.after))
            if text
        )
        return Prompt(
            system=self._voice.says("You turn short notes into longer prose. You answer with the prose alone."),
            user=f"Write the text below at length, in about {self._goal:.0f} words. Keep its meaning, facts, names, "
            f"order, narrator and language, and invent no new events; add detail to what is there.\n\n{around}"
            f"The text:\n{self.part.text}",
            max_tokens=_tokens(self._most),
            temperature=WARM,
        )

    # --- grown around the sentences it has ---

    async def grow(self) -> None:
        """Keep the sentences that are there (the source's, if nothing was rewritten) and let the model go on after
        each of them, until the part is as long as it should be or the rounds are used up."""
        base = self.lines or [Line(unit.text, unit.gap, own=True, verbatim=unit.verbatim) for unit in self.part.units]
        rest = sum(line.words for line in base)
        share = self._goal / max(rest, 1)
        self.lines, self._ahead, wanted = [], [line.text for line in base], 0.0
        for line in base:
            self.lines.append(line)
            del self._ahead[0]
            await self._changed()
            rest -= line.words
            wanted += share * line.words
            if line.verbatim or line.words < SHORT or line.text.endswith((":", ",")):
                continue  # code, a greeting, a heading: what follows takes its share
            for number in range(ROUNDS):
                if wanted - self.words < FEW:
                    break
                await self._go_on(wanted, rest, again=number > 0)
        for number in range(CLOSING_ROUNDS):
            if self.ratio >= LEAST:
                break
            await self._go_on(self._goal, 0, again=True, strict=number < CLOSING_ROUNDS / 2)

    async def add_more(self) -> bool:
        """One more question, with everything allowed that is prose at all; says whether anything came of it."""
        before = self.words
        await self._go_on(self._most, 0, again=True, strict=False)
        return self.words > before

    def cut(self, words: int) -> None:
        """Drop added sentences from the end until the part has at most so many words, or none is left."""
        self._drop_beyond(words)

    async def _go_on(self, wanted: float, rest: int, *, again: bool, strict: bool = True) -> None:
        """Add what the model writes next until there are `wanted` words; `rest` words of the base are still to come."""
        self._spare, rejected, before = None, 0, self.words
        own = [*(line.text for line in self.lines if line.own), *self._ahead]
        most = min(self._most - rest, max(wanted + 3 * FEW, wanted * 1.1))
        async with aclosing(self._sentences(self._going_on(wanted - self.words, again=again))) as answer:
            async for sentence, _ in answer:
                fits = self._fits(sentence, strict=strict)
                if fits and self.words + prose.count(sentence) <= most:
                    await self._add(sentence, " ")
                    rejected = 0
                else:
                    rejected += not cleaning.is_repetition(sentence, own)  # many an answer begins with an echo
                    if fits:
                        self._spare = self._spare or cleaning.shortened(sentence, int(most) - self.words)
                if self.words >= wanted or rejected >= REJECTED:
                    break
        if self.words == before and self._spare and (again or self._goal < 10 * FEW):
            await self._add(self._spare, " ")

    def _going_on(self, missing: float, *, again: bool) -> Prompt:
        return Prompt(
            system=self._voice.says("You continue the text you are given."),
            user=f"Continue this text with more detail:\n\n{self._thread()}",
            max_tokens=min(max(_tokens(missing), 48), 160),
            temperature=WARMER if again else WARM,
        )

    def _thread(self) -> str:
        """What the model goes on from: the source's last sentences and what was added to the very last, so that it
        comes back to the source again and again instead of drifting away from itself."""
        last = max((number for number, line in enumerate(self.lines) if line.own), default=0)
        thread = [line.text for line in self.lines[last:]]
        for line in reversed(self.lines[:last]):
            if line.own and not line.verbatim and sum(map(prose.count, thread)) + line.words <= TAIL:
                thread.insert(0, line.text)
        return " ".join(cleaning.BULLET.sub("", "\n".join(thread)).split()[-2 * TAIL :])

    # --- what the model says, sentence by sentence ---

    async def _sentences(self, prompt: Prompt, *, show: bool = False) -> AsyncGenerator[tuple[str, str], None]:
        """Whole, clean sentences as soon as they are written, each with the gap before it; with `show`, what is
        written of the next can be seen. An answer that breaks off is as good as its whole sentences, twice."""
        answer = _Answer()
        self._shown = answer if show else None
        try:
            async with aclosing(self._model.stream(prompt)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Completion):
                        continue
                    for sentence in answer.add(piece):
                        yield sentence
                    if show:
                        await self._changed()
        except Fault:
            self._faults += 1
            if self._faults > FAULTS:
                raise
        finally:
            self._shown = None
        for sentence in answer.rest():
            yield sentence

    def _fits(self, sentence: str, *, strict: bool) -> bool:
        told = [*(line.text for line in self.lines), *self._ahead]
        if prose.count(sentence) < 3 or prose.is_open(sentence) or not prose.is_finished(sentence):
            return False
        source = f"{self.part.before} {self.part.text} {self.part.after}"
        if cleaning.loops(sentence, source) or cleaning.is_repetition(sentence, told):
            return False
        if cleaning.is_about_itself(sentence, source):
            return False
        return not strict or not (
            cleaning.changes_narrator(sentence, source)
            or cleaning.changes_language(sentence, source)
            or cleaning.begins_alike(sentence, told[: len(self.lines)])
        )

    async def _add(self, sentence: str, gap: str) -> None:
        last = self.lines[-1] if self.lines else None
        if last and last.own and gap == " " and last.text[-1].isalnum():  # an item of a list, a title
            self.lines[-1] = replace(last, text=last.text + ".")
        self.lines.append(Line(sentence, gap))
        await self._changed()

    def _drop_beyond(self, words: float) -> None:
        while self.words > words and any(not line.own for line in self.lines):
            del self.lines[max(number for number, line in enumerate(self.lines) if not line.own)]


class _Answer:
    """What a model has written so far, and how many sentences of it were given out."""

    def __init__(self) -> None:
        self._text, self._given = "", 0

    def add(self, piece: str) -> Iterator[tuple[str, str]]:
        """The sentences that are whole now. The last one may still go on, and so may one whose quotation is open."""
        self._text += piece
        if not ENDS.search(piece):
            return
        for sentence, gap in self._whole()[self._given : -1]:
            if prose.is_open(sentence):
                return
            self._given += 1
            yield sentence, gap

    def tail(self) -> str:
        """The unfinished sentence and the gap before it, once it is clear that it is no preamble."""
        if not self._given and cleaning.may_be_preamble(self._text):
            return ""
        return "".join(gap + sentence for sentence, gap in self._whole()[self._given :])

    def rest(self) -> list[tuple[str, str]]:
        return [(sentence, gap) for sentence, gap in self._whole()[self._given :] if prose.is_finished(sentence)]

    def _whole(self) -> list[tuple[str, str]]:
        """The sentences, cleaned, each with its gap; the last one may be unfinished."""
        found: list[tuple[str, str]] = []
        for paragraph in cleaning.cleaned(self._text).split("\n"):
            for number, sentence in enumerate(prose.sentences(paragraph)):
                found.append((sentence, " " if number else "\n\n" if found else ""))
        return found


def _tokens(words: float) -> int:
    return int(words * TOKENS_PER_WORD) + 16
