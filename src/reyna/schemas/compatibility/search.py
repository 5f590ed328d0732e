"""The search for a document that fits one schema and not the other."""

import copy
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.data import encoded
from reyna.domain.errors import Refusal
from reyna.schemas.compatibility.documents import Maker, Pool, local
from reyna.schemas.compatibility.facts import Meeting
from reyna.schemas.compatibility.proof import Gap
from reyna.schemas.compatibility.side import Side

SEED: Final = 7  # the same pair is always searched in the same way
TRIES_A_GAP: Final = 120  # documents made up for each place that could not be shown
MADE: Final = 150  # documents made up without a place in mind
CHANGED: Final = 2_500  # documents made from others by small changes
KEPT: Final = 150  # documents that others are made from
MOST_GAPS: Final = 60  # that are searched one by one
SMALLER: Final = 300  # tries to make a found document smaller
SHOWN: Final = 4 * 1024  # bytes of a document that is shown; a larger one is evidence all the same


class Found(msgspec.Struct, frozen=True):
    """A document that one side takes and the other refuses, and the keywords (by pointer) that refuse it.

    `sought` are those of them that it was looked for, when it was looked for one difference.
    """

    document: Any
    refused: tuple[str, ...]
    sought: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        return len(msgspec.json.encode(self.document))


class Search:
    """Looks for documents that `taking` takes and `refusing` refuses, for a while."""

    def __init__(self, taking: Side, refusing: Side, *, until: float, changes: int = CHANGED) -> None:
        """`until` is a moment of `time.thread_time`; `changes` is how many documents are made from others."""
        self._taking, self._refusing, self._until, self._tries = taking, refusing, until, changes
        self._chance = random.Random(SEED)  # noqa: S311 - nothing secret
        self._pool = Pool((taking, refusing), self._chance)
        self._maker = Maker(self._pool, self._chance)
        self._known = Meeting([taking.root])
        self._kept: list[Any] = []
        self.found: list[Found] = []

    def run(self, gaps: Sequence[Gap]) -> list[Found]:
        """What was found, the smallest first; first where a rule failed, then all over."""
        for gap in gaps[:MOST_GAPS]:
            self._try(self._near(gap), gap)
        if not self.found:
            self._try(self._anything(), None)
        if not self.found:
            self._try(self._changes(), None)
        self.found = [self._smaller(found) for found in self.found]
        return sorted(self.found, key=lambda found: found.size)

    def _try(self, documents: Iterator[Any], gap: Gap | None) -> None:
        for document in documents:
            if time.thread_time() > self._until:
                return
            found = self._breaks(document)
            if found is not None and (gap is None or concerns(found, gap)):
                sought = frozenset(path for path in found.refused if gap is None or _touches(path, gap))
                self.found.append(Found(document, found.refused, sought))
                return

    def _near(self, gap: Gap) -> Iterator[Any]:
        values = [*gap.lost, *local(gap.part, self._chance), *self._pool.values]
        nearest = values[: max(4, len(gap.lost))]
        where = gap.where[:-1] if gap.rule in ("propertyNames", "additionalProperties") else gap.where
        self._maker.lean(gap.part, gap.rule)
        for number in range(TRIES_A_GAP):
            yield self._maker.value(self._known, 0, where, ((), nearest, values)[number % 3])
        self._maker.lean(None)

    def _anything(self) -> Iterator[Any]:
        yield from self._pool.values
        yield from (self._maker.value(self._known) for _ in range(MADE))
        # what the other side takes is often taken here, but for what changed
        other = Meeting([self._refusing.root])
        yield from (self._maker.value(other) for _ in range(MADE))

    def _changes(self) -> Iterator[Any]:
        for _ in range(self._tries):
            if not self._kept:
                return
            document = copy.deepcopy(self._chance.choice(self._kept))
            for _ in range(self._chance.choice((1, 1, 2, 3))):
                document = self._changed(document)
            yield document

    def _changed(self, document: Any) -> Any:
        """The document with one small change somewhere."""
        if isinstance(document, dict | list) and document and self._chance.random() < 0.6:
            step = self._chance.choice(list(document) if isinstance(document, dict) else range(len(document)))
            document[step] = self._changed(document[step])
            return document
        if isinstance(document, dict) and self._chance.random() < 0.7:
            if document and self._chance.random() < 0.3:
                del document[self._chance.choice(list(document))]
            else:
                document[self._chance.choice(self._pool.names)] = self._some()
            return document
        if isinstance(document, list) and self._chance.random() < 0.7:
            if document and self._chance.random() < 0.4:
                del document[self._chance.randrange(len(document))]
            else:
                again = document and self._chance.random() < 0.4
                document.append(copy.deepcopy(self._chance.choice(document)) if again else self._some())
            return document
        return self._some()

    def _some(self) -> Any:
        return copy.deepcopy(self._chance.choice(self._pool.values))

    def _breaks(self, document: Any) -> Found | None:
        if not (_storable(document) and self._taking.whole.is_valid(document)):
            return None
        if self._refusing.whole.is_valid(document):
            if len(self._kept) < KEPT:
                self._kept.append(document)
            return None
        return Found(document, self._reasons(document))

    def _reasons(self, document: Any) -> tuple[str, ...]:
        errors = self._refusing.whole.iter_errors(document)
        return tuple(
            dict.fromkeys(
                "".join(f"/{_escaped(s)}" for s in error.schema_path)
                for error, _ in zip(errors, range(10), strict=False)
            )
        )

    def _smaller(self, found: Found) -> Found:
        """The same with whatever is not needed left out."""
        document, tries = found.document, SMALLER
        changed = True
        while changed and tries > 0 and time.thread_time() < self._until:
            changed = False
            for less in _less(document):
                tries -= 1
                if tries <= 0:
                    break
                still = self._breaks(less)
                if still is not None and found.sought.intersection(still.refused):
                    document, changed = less, True
                    break
        return Found(document, self._reasons(document), found.sought)


def concerns(found: Found, gap: Gap) -> bool:
    """Whether a document breaks what a gap is about: it has the place, and what refuses it is there or around it."""
    return any(_touches(path, gap) for path in found.refused) and _has(found.document, gap)


def _touches(path: str, gap: Gap) -> bool:
    at = gap.part.at.removeprefix("?")
    keyword = at if gap.rule in ("false", "$ref") else f"{at}/{gap.rule}"
    exact = gap.path or keyword
    if gap.path and gap.rule == "properties":
        keyword = exact
    path = path.replace("/minContains", "/contains")
    inside = path in (keyword, exact) or path.startswith(f"{exact}/")
    return inside or any(each.startswith(f"{path}/") for each in (keyword, exact))


def _has(document: Any, gap: Gap) -> bool:
    """Whether the place is in the document; what is required may be missing."""
    places = [document]
    for step in gap.where:
        places = [each for place in places for each in _at(place, step)]
    if gap.rule == "required":
        return any(isinstance(place, dict) and gap.about not in place for place in places)
    return bool(places)


def _at(place: Any, step: str | int | None) -> list[Any]:
    if isinstance(place, dict):
        return list(place.values()) if step is None else [place[step]] if step in place else []
    if isinstance(place, list):
        return place if step is None else place[step : step + 1] if isinstance(step, int) else []
    return []


def _less(value: Any) -> Iterator[Any]:
    """The value with one thing left out, the outer ones first."""
    if isinstance(value, dict):
        yield from ({name: each for name, each in value.items() if name != gone} for gone in value)
        yield from (value | {name: less} for name, each in value.items() for less in _less(each))
    elif isinstance(value, list):
        yield from ([*value[:n], *value[n + 1 :]] for n in range(len(value)))
        yield from ([*value[:n], less, *value[n + 1 :]] for n, each in enumerate(value) for less in _less(each))
    elif isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
        yield value[:-1]


def _storable(document: Any) -> bool:
    try:
        encoded(document)
    except Refusal:
        return False
    return True


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
