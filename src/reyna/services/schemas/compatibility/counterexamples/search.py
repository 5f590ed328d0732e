"""The search for a document that fits one schema and not the other."""

import copy
import random
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from reyna.domain.errors import Refusal
from reyna.domain.json.data import encode_json
from reyna.services.schemas.compatibility.conjunction import Conjunction
from reyna.services.schemas.compatibility.counterexamples.documents import DocumentGenerator, ValuePool, edge_values
from reyna.services.schemas.compatibility.proof import ProofGap
from reyna.services.schemas.compatibility.schema_side import SchemaSide

SEED: Final = 7  # the same pair is always searched in the same order
DOCUMENTS_PER_GAP: Final = 120  # documents generated for each gap of the proof
RANDOM_DOCUMENTS: Final = 150  # documents generated without a gap in mind
MUTATED_DOCUMENTS: Final = 2_500  # documents made by small changes of others
MAX_CORPUS_DOCUMENTS: Final = 150  # documents to mutate
MAX_SEARCHED_GAPS: Final = 60  # gaps that are searched one by one
MAX_SHRINK_ATTEMPTS: Final = 300  # attempts to make a counterexample smaller
MAX_SHOWN_BYTES: Final = 4 * 1024  # a larger document is evidence, but is not shown


class Counterexample(msgspec.Struct, frozen=True):
    """A document that one side accepts and the other refuses, and the pointers of the keywords that refuse it.

    `sought` are the pointers among them that belong to the gap it was searched for.
    """

    document: Any
    refused: tuple[str, ...]
    sought: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        return len(msgspec.json.encode(self.document))


class CounterexampleSearch:
    """Searches for documents that `accepting` accepts and `refusing` refuses, until a deadline."""

    def __init__(
        self, accepting: SchemaSide, refusing: SchemaSide, *, deadline: float, changes: int = MUTATED_DOCUMENTS
    ) -> None:
        """`deadline`: a moment of `time.thread_time`. `changes`: the number of documents to mutate."""
        self._accepting, self._refusing, self._deadline, self._mutations = accepting, refusing, deadline, changes
        self._rng = random.Random(SEED)  # noqa: S311 - nothing secret
        self._values = ValuePool((accepting, refusing), self._rng)
        self._generator = DocumentGenerator(self._values, self._rng)
        self._known = Conjunction([accepting.root])
        self._corpus: list[Any] = []
        self.found: list[Counterexample] = []

    def run(self, gaps: Sequence[ProofGap]) -> list[Counterexample]:
        """Returns the counterexamples, the smallest first. Searches each gap first, and everywhere when that finds
        nothing."""
        for gap in gaps[:MAX_SEARCHED_GAPS]:
            self._try(self._documents_near(gap), gap)
        if not self.found:
            self._try(self._random_documents(), None)
        if not self.found:
            self._try(self._mutated_documents(), None)
        self.found = [self._shrink(found) for found in self.found]
        return sorted(self.found, key=lambda found: found.size)

    def _try(self, documents: Iterator[Any], gap: ProofGap | None) -> None:
        for document in documents:
            if time.thread_time() > self._deadline:
                return
            found = self._check(document)
            if found is not None and (gap is None or explains_gap(found, gap)):
                sought = frozenset(path for path in found.refused if gap is None or _touches(path, gap))
                self.found.append(Counterexample(document, found.refused, sought))
                return

    def _documents_near(self, gap: ProofGap) -> Iterator[Any]:
        values = [*gap.refused_values, *edge_values(gap.subschema, self._rng), *self._values.values]
        nearest = values[: max(4, len(gap.refused_values))]
        location = gap.location[:-1] if gap.rule in ("propertyNames", "additionalProperties") else gap.location
        self._generator.prefer_sizes_of(gap.subschema, gap.rule)
        for number in range(DOCUMENTS_PER_GAP):
            yield self._generator.generate(self._known, 0, location, ((), nearest, values)[number % 3])
        self._generator.prefer_sizes_of(None)

    def _random_documents(self) -> Iterator[Any]:
        yield from self._values.values
        yield from (self._generator.generate(self._known) for _ in range(RANDOM_DOCUMENTS))
        # documents that fit the other side often fit this one
        other = Conjunction([self._refusing.root])
        yield from (self._generator.generate(other) for _ in range(RANDOM_DOCUMENTS))

    def _mutated_documents(self) -> Iterator[Any]:
        for _ in range(self._mutations):
            if not self._corpus:
                return
            document = copy.deepcopy(self._rng.choice(self._corpus))
            for _ in range(self._rng.choice((1, 1, 2, 3))):
                document = self._mutate(document)
            yield document

    def _mutate(self, document: Any) -> Any:
        """Returns the document with one small change."""
        if isinstance(document, dict | list) and document and self._rng.random() < 0.6:
            step = self._rng.choice(list(document) if isinstance(document, dict) else range(len(document)))
            document[step] = self._mutate(document[step])
            return document
        if isinstance(document, dict) and self._rng.random() < 0.7:
            if document and self._rng.random() < 0.3:
                del document[self._rng.choice(list(document))]
            else:
                document[self._rng.choice(self._values.names)] = self._random_value()
            return document
        if isinstance(document, list) and self._rng.random() < 0.7:
            if document and self._rng.random() < 0.4:
                del document[self._rng.randrange(len(document))]
            else:
                again = document and self._rng.random() < 0.4
                document.append(copy.deepcopy(self._rng.choice(document)) if again else self._random_value())
            return document
        return self._random_value()

    def _random_value(self) -> Any:
        return copy.deepcopy(self._rng.choice(self._values.values))

    def _check(self, document: Any) -> Counterexample | None:
        if not (_can_be_stored(document) and self._accepting.root_validator.is_valid(document)):
            return None
        if self._refusing.root_validator.is_valid(document):
            if len(self._corpus) < MAX_CORPUS_DOCUMENTS:
                self._corpus.append(document)
            return None
        return Counterexample(document, self._failing_keywords(document))

    def _failing_keywords(self, document: Any) -> tuple[str, ...]:
        errors = self._refusing.root_validator.iter_errors(document)
        return tuple(
            dict.fromkeys(
                "".join(f"/{_escaped(s)}" for s in error.schema_path)
                for error, _ in zip(errors, range(10), strict=False)
            )
        )

    def _shrink(self, found: Counterexample) -> Counterexample:
        """Returns the counterexample without the parts that are not needed."""
        document, tries = found.document, MAX_SHRINK_ATTEMPTS
        changed = True
        while changed and tries > 0 and time.thread_time() < self._deadline:
            changed = False
            for smaller in _smaller_values(document):
                tries -= 1
                if tries <= 0:
                    break
                counterexample = self._check(smaller)
                if counterexample is not None and found.sought.intersection(counterexample.refused):
                    document, changed = smaller, True
                    break
        return Counterexample(document, self._failing_keywords(document), found.sought)


def explains_gap(found: Counterexample, gap: ProofGap) -> bool:
    """Returns whether a counterexample shows this gap: it has the location, and a keyword there or around it
    refuses it."""
    return any(_touches(path, gap) for path in found.refused) and _has(found.document, gap)


def _touches(path: str, gap: ProofGap) -> bool:
    at = gap.subschema.at.removeprefix("?")
    keyword = at if gap.rule in ("false", "$ref") else f"{at}/{gap.rule}"
    to_fraction = gap.path or keyword
    if gap.path and gap.rule == "properties":
        keyword = to_fraction
    path = path.replace("/minContains", "/contains")
    inside = path in (keyword, to_fraction) or path.startswith(f"{to_fraction}/")
    return inside or any(each.startswith(f"{path}/") for each in (keyword, to_fraction))


def _has(document: Any, gap: ProofGap) -> bool:
    """Returns whether the location is in the document; for `required`, the property may be missing."""
    places = [document]
    for step in gap.location:
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


def _smaller_values(value: Any) -> Iterator[Any]:
    """Yields the value with one part left out, the outer parts first."""
    if isinstance(value, dict):
        yield from ({name: each for name, each in value.items() if name != gone} for gone in value)
        yield from (value | {name: smaller} for name, each in value.items() for smaller in _smaller_values(each))
    elif isinstance(value, list):
        yield from ([*value[:n], *value[n + 1 :]] for n in range(len(value)))
        yield from (
            [*value[:n], smaller, *value[n + 1 :]] for n, each in enumerate(value) for smaller in _smaller_values(each)
        )
    elif isinstance(value, str) and len(value) > 1:
        yield value[: len(value) // 2]
        yield value[:-1]


def _can_be_stored(document: Any) -> bool:
    try:
        encode_json(document)
    except Refusal:
        return False
    return True


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")
