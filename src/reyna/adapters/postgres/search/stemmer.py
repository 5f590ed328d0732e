"""Stems of words, by PostgreSQL's own dictionaries, remembered."""

from collections.abc import Collection, Iterable
from typing import Any, Final

MAX_REMEMBERED: Final = 100_000  # stems; a word and its stem take about 200 bytes
STEMS: Final = "select word, ts_lexize($1::text::regdictionary, word) from unnest($2::text[]) word"


class Stemmer:
    """Finds the stems of words in languages that PostgreSQL has a dictionary of."""

    def __init__(self) -> None:
        self._stems: dict[tuple[str, str], str] = {}

    async def stems_of(self, connection: Any, language: str | None, words: Collection[str]) -> dict[str, str]:
        """Returns the stems of the words that are no stop words of the language, by word."""
        if language is None:
            return {}
        missing = [word for word in words if (language, word) not in self._stems]
        if missing:
            if len(self._stems) + len(missing) > MAX_REMEMBERED:
                self._stems.clear()
                missing = list(words)
            self._remember(language, await connection.fetch(STEMS, f"pg_catalog.{language}_stem", missing))
        found = ((word, self._stems[language, word]) for word in words)
        return {word: stem for word, stem in found if stem}

    def _remember(self, language: str, rows: Iterable[Any]) -> None:
        for word, stems in rows:
            self._stems[language, word] = stems[0] if stems else ""
