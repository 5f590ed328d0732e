"""Checks of a text against its source: names, numbers and quotations that are missing, and names that are new."""

from collections.abc import Iterable

from reyna.library.fidelity.finding import FidelityFinding
from reyna.library.fidelity.names import FoundName, find_names, folded_words_of, is_named_in, name_words
from reyna.library.fidelity.numbers import find_numbers
from reyna.library.fidelity.quotations import find_quotations, is_quoted_in


def find_missing(source: str, result: str, language: str | None, *, at: int = 0) -> list[FidelityFinding]:
    """Returns the names, numbers and quotations of the source that are not in the result, each once.

    `at` is added to their places, for a source that is a part of a longer text.
    """
    words = folded_words_of(result)
    values = {number.value for number in find_numbers(result, language)}
    missing = [
        *(
            FidelityFinding("missing_name", name.text, "source", at + name.start, at + name.end)
            for name in find_names(source, language)
            if not is_named_in(name.text, words)
        ),
        *(
            FidelityFinding("missing_number", number.text, "source", at + number.start, at + number.end)
            for number in find_numbers(source, language)
            if number.value not in values
        ),
        *(
            FidelityFinding("missing_quote", quotation.text, "source", at + quotation.start, at + quotation.end)
            for quotation in find_quotations(source)
            if not is_quoted_in(quotation.text, result)
        ),
    ]
    return list(_once(missing))


def find_new_names(result: str, sources: Iterable[str], language: str | None) -> list[FidelityFinding]:
    """Returns the names in the result that stand in none of the sources, each at its first place."""
    new = new_names_in(result, sources, language)
    return list(_once(FidelityFinding("new_name", name.text, "result", name.start, name.end) for name in new))


def new_names_in(result: str, sources: Iterable[str], language: str | None) -> list[FoundName]:
    """Returns every name in the result of which no word stands in the sources, in whatever case."""
    texts = list(sources)
    known_words = set[str]().union(*map(folded_words_of, texts))
    known = set[str]().union(*(name_words(find_names(text, language)) for text in texts))
    return [name for name in find_names(result, language, known=known) if not is_named_in(name.text, known_words)]


def _once(findings: Iterable[FidelityFinding]) -> Iterable[FidelityFinding]:
    seen = set[tuple[str, str]]()
    for finding in findings:
        if (key := (finding.kind, finding.text.casefold())) not in seen:
            seen.add(key)
            yield finding
