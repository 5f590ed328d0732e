"""The graph of the schemas in a document: those that are checked at the same place of the data, and those below it."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import Any, Final
from urllib.parse import unquote

from reyna.domain.errors import Invalid
from reyna.validation.keywords import (
    IN_PLACE_APPLICATORS,
    IN_PLACE_LIST_APPLICATORS,
    Dialect,
    Path,
    SchemaObject,
    pointer,
    walk_schemas,
)

MAX_CHAINED_SCHEMAS: Final = 32  # at one place; times 100 levels of data they must fit a thread's stack
TWICE_CHECKED_KEYWORDS: Final = frozenset(
    ("anyOf", "oneOf")
)  # checked once for the verdict, and once more for the errors


class SubschemaNode:
    """One schema, with the schemas that it applies to the same value (and how often), and to the values below."""

    __slots__ = (
        "additional",
        "below",
        "cost",
        "error_count",
        "in_place",
        "named",
        "ordered",
        "path",
        "rank",
        "recursive",
        "rest",
        "target",
    )

    def __init__(self, path: Path) -> None:
        self.path = path
        self.in_place: list[tuple[int, int]] = []
        self.named: dict[str, int] = {}
        self.additional: list[int] = []  # for properties that are not listed
        self.below: list[int] = []  # for every property
        self.ordered: list[int] = []
        self.rest: list[int] = []  # for every item after the listed ones
        self.cost = 1
        self.error_count = 1  # the most errors that the engine lists for it at one place, without its subschemas
        self.rank = 0  # greater than that of every schema that it applies to the same value
        self.recursive = self.target = False

    def all_targets(self) -> Iterator[int]:
        """Yields every schema that this one leads to."""
        yield from (number for number, _ in self.in_place)
        yield from chain.from_iterable(self.targets_below())

    def targets_below(self) -> tuple[Collection[int], ...]:
        return self.named.values(), self.additional, self.below, self.ordered, self.rest

    def redirect(self, ends: Sequence[int]) -> None:
        """Replaces every target by the end of its chain of references."""
        self.in_place = [(ends[number], times) for number, times in self.in_place]
        self.named = {name: ends[number] for name, number in self.named.items()}
        for group in (self.additional, self.below, self.ordered, self.rest):
            group[:] = [ends[number] for number in group]


class SubschemaGraph:
    """The schemas of a bundled document. Raises Invalid where one leads back to itself at the same place."""

    def __init__(self, document: Any, dialect: Dialect) -> None:
        self._document, self._dialect = document, dialect
        self._numbers: dict[int, int] = {}
        self._schemas: list[SchemaObject] = []
        self.nodes: list[SubschemaNode] = []
        self._add((), document)
        for schema in self._schemas:  # grows by references to schemas below unknown keywords
            if "$ref" in schema:
                self._add(*self._resolve_reference(schema))
        self.root = self._number_of(document)
        for node, schema in zip(self.nodes, self._schemas, strict=True):
            self._connect(node, schema)
        self._check_chains()
        self._skip_references()
        self._mark_recursive()

    def _add(self, start: Path, json_schema: Any) -> None:
        if id(json_schema) in self._numbers:
            return
        for path, schema in walk_schemas(json_schema):
            if id(schema) not in self._numbers:
                self._numbers[id(schema)] = len(self.nodes)
                self.nodes.append(SubschemaNode(start + path))
                self._schemas.append(schema)

    def _resolve_reference(self, schema: SchemaObject) -> tuple[Path, Any]:
        found: Any = self._document
        path: Path = ()
        for token in unquote(schema["$ref"]).split("/")[1:]:
            step: str | int = token.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                step = int(step)
            found, path = found[step], (*path, step)
        return path, found

    def _number_of(self, schema: Any) -> int | None:
        """Returns the number of a schema, or None for `true` and `false`, which cause no work."""
        return self._numbers.get(id(schema)) if isinstance(schema, dict) else None

    def _connect(self, node: SubschemaNode, schema: SchemaObject) -> None:
        if "$ref" in schema:
            self._add_in_place(node, self._resolve_reference(schema)[1], 1)
            if node.in_place:
                self.nodes[node.in_place[0][0]].target = True
            if self._dialect.ignores_ref_siblings:
                return
        times = 2 if "unevaluatedProperties" in schema or "unevaluatedItems" in schema else 1
        for keyword in IN_PLACE_LIST_APPLICATORS:
            for child in schema.get(keyword, ()):
                self._add_in_place(node, child, 2 if keyword in TWICE_CHECKED_KEYWORDS else times)
        for keyword in IN_PLACE_APPLICATORS:
            self._add_in_place(node, schema.get(keyword), times)
        for keyword in ("dependentSchemas", "dependencies"):
            for child in schema.get(keyword, {}).values():
                self._add_in_place(node, child, times)
        self._connect_children(node, schema)
        node.cost += len(schema.get("enum", ())) // 8 + len(schema.get("patternProperties", ()))

        node.error_count = len(schema) + len(schema.get("required", ()))
        for names in schema.get("dependentRequired", {}).values():
            node.error_count += len(names)

    def _add_in_place(self, node: SubschemaNode, child: Any, times: int) -> None:
        if (number := self._number_of(child)) is not None:
            node.in_place.append((number, times))

    def _connect_children(self, node: SubschemaNode, schema: SchemaObject) -> None:
        for name, child in schema.get("properties", {}).items():
            if (number := self._number_of(child)) is not None:
                node.named[name] = number
        items = schema.get("items")
        ordered = items if isinstance(items, list) else schema.get("prefixItems", [])
        rest = [None if isinstance(items, list) else items, schema.get("additionalItems")]
        rest += [schema.get("contains"), schema.get("unevaluatedItems")]
        patterns = schema.get("patternProperties", {}).values()
        node.ordered = self._numbers_of(ordered)
        node.rest = self._numbers_of(rest)
        node.additional = self._numbers_of([schema.get("additionalProperties")])
        node.below = self._numbers_of([*patterns, schema.get("unevaluatedProperties"), schema.get("propertyNames")])

    def _numbers_of(self, schemas: Any) -> list[int]:
        return [number for schema in schemas if (number := self._number_of(schema)) is not None]

    def _check_chains(self) -> None:
        """Raises Invalid for schemas that would recurse without end, or too deep for the stack."""
        length: dict[int, int] = {}
        for rank, number in enumerate(_children_first(self.nodes, lambda node: [child for child, _ in node.in_place])):
            node = self.nodes[number]
            node.rank = rank
            below = [length.get(child) for child, _ in node.in_place]
            if None in below:  # a child that comes later is an ancestor too
                message = "refers to itself for the same value, so that checking it would never end"
                raise Invalid.at("/json_schema" + pointer(node.path), message)
            length[number] = 1 + max(filter(None, below), default=0)
            if length[number] > MAX_CHAINED_SCHEMAS:
                message = f"applies more than {MAX_CHAINED_SCHEMAS} schemas on top of one another"
                raise Invalid.at("/json_schema" + pointer(node.path), message)

    def _skip_references(self) -> None:
        """Redirects edges past schemas that only refer to another one, which most schemas of a large document do."""
        ends = list(range(len(self.nodes)))
        for number in sorted(ends, key=lambda number: self.nodes[number].rank):
            node = self.nodes[number]
            if len(node.in_place) == 1 and node.in_place[0][1] == 1 and not any(node.targets_below()):
                ends[number] = ends[node.in_place[0][0]]
        for node in self.nodes:
            node.redirect(ends)
        if self.root is not None:
            self.root = ends[self.root]

    def _mark_recursive(self) -> None:
        """Marks the nodes that can reach themselves: the strongly connected components (Kosaraju's algorithm)."""
        callers: list[list[int]] = [[] for _ in self.nodes]
        for number, node in enumerate(self.nodes):
            for child in node.all_targets():
                callers[child].append(number)
        component: dict[int, int] = {}
        for start in reversed(list(_children_first(self.nodes, lambda node: list(node.all_targets())))):
            waiting = [start]
            while waiting:
                number = waiting.pop()
                if number not in component:
                    component[number] = start
                    waiting.extend(callers[number])
        sizes = Counter(component.values())
        for number, node in enumerate(self.nodes):
            node.recursive = sizes[component[number]] > 1 or number in node.all_targets()


def _children_first(nodes: Sequence[SubschemaNode], children: Callable[[SubschemaNode], list[int]]) -> Iterator[int]:
    """Yields every number after those it leads to, apart from cycles (depth first, without recursion)."""
    seen = set[int]()
    for start in range(len(nodes)):
        stack = [] if start in seen else [(start, iter(children(nodes[start])))]
        seen.add(start)
        while stack:
            number, rest = stack[-1]
            child = next((child for child in rest if child not in seen), None)
            if child is None:
                stack.pop()
                yield number
                continue
            seen.add(child)
            stack.append((child, iter(children(nodes[child]))))
