"""The numbering of lists: one definition for each kind, and one number for each list."""

from typing import Final

from reyna.library.book_compiler.renderers.docx.styles import INDENT_TWIPS
from reyna.library.book_compiler.renderers.docx.xml import WORD, XML_HEADER

LEVELS: Final = 9
BULLET_DEFINITION: Final = 1
NUMBER_DEFINITION: Final = 2


class ListNumbers:
    """Collects the lists of a document."""

    def __init__(self) -> None:
        self._starts: list[int | None] = []

    def add(self, start: int | None) -> int:
        """Returns the number of a new list, which begins with `start`, or has bullets."""
        self._starts.append(start)
        return len(self._starts)

    def numbering(self) -> str:
        lists = "".join(_list(number, start) for number, start in enumerate(self._starts, 1))
        return (
            f'{XML_HEADER}<w:numbering xmlns:w="{WORD}">{_definition(BULLET_DEFINITION, "bullet")}'
            f"{_definition(NUMBER_DEFINITION, 'decimal')}{lists}</w:numbering>"
        )


def _definition(id: int, format: str) -> str:
    levels = "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{format}"/>'
        f'<w:lvlText w:val="{"•" if format == "bullet" else f"%{level + 1}."}"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="{INDENT_TWIPS * (level + 2)}" w:hanging="360"/></w:pPr></w:lvl>'
        for level in range(LEVELS)
    )
    return f'<w:abstractNum w:abstractNumId="{id}"><w:multiLevelType w:val="hybridMultilevel"/>{levels}</w:abstractNum>'


def _list(number: int, start: int | None) -> str:
    if start is None:
        return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{BULLET_DEFINITION}"/></w:num>'
    overrides = "".join(
        f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>' for level in range(LEVELS)
    )
    return f'<w:num w:numId="{number}"><w:abstractNumId w:val="{NUMBER_DEFINITION}"/>{overrides}</w:num>'
