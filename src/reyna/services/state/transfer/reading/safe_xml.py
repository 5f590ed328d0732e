"""Parses XML of strangers: a document that declares entities is refused, so that none can grow or read files."""

from typing import Any, Final
from xml.etree import ElementTree as Tree
from xml.parsers import expat

from reyna.services.state.transfer.reading.opened_archive import BadArchive, OpenedArchive

MAX_XML_DEPTH: Final = 500


def parse_xml(archive: OpenedArchive, path: str) -> Tree.Element:
    """Returns the root of the document at this path. Raises BadArchive."""
    try:
        return _Parser().parse(archive.read(path))
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise BadArchive(f"{path} is not the XML that it should be: {error}") from error


class _Parser:
    """Builds a tree with expat, without entities of its own."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._builder = Tree.TreeBuilder()
        self._depth = 0
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._builder.data
        self._parser.EntityDeclHandler = _refuse_entity
        self._parser.ExternalEntityRefHandler = _refuse_external
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def parse(self, content: bytes) -> Tree.Element:
        self._parser.Parse(content, True)
        return self._builder.close()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_XML_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_XML_DEPTH}")
        self._builder.start(_qualified(name), {_qualified(key): value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self._depth -= 1
        self._builder.end(_qualified(name))


def local_name(element: Tree.Element) -> str:
    """Returns the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def _qualified(name: str) -> str:
    return f"{{{name}" if "}" in name else name


def _refuse_entity(*declaration: Any) -> None:
    raise ValueError(f"it declares the entity {str(declaration[0])[:40]!r}")


def _refuse_external(*reference: Any) -> int:
    raise ValueError("it refers to another document")
