"""Which schemas of a document meet at one place in the data, and where each leads from there."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import Any, Final
from urllib.parse import unquote

from reyna.domain.errors import Invalid
from reyna.fit.keywords import ALONE, BESIDE, Dialect, Object, Path, every, pointer

CHAIN: Final = 32  # schemas on top of one another at one place; times 100 levels of data it must fit a thread's stack
AGAIN: Final = frozenset(("anyOf", "oneOf"))  # asked once for the verdict, and once more for the reasons


class Node:
    """One schema: those for the same place (with how often each is asked), and those for the places below."""

    __slots__ = (
        "additional",
        "below",
        "cost",
        "here",
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
        self.here: list[tuple[int, int]] = []
        self.named: dict[str, int] = {}
        self.additional: list[int] = []  # where a property is not named
        self.below: list[int] = []  # any property at all
        self.ordered: list[int] = []
        self.rest: list[int] = []  # any item
        self.cost = 1
        self.rank = 0  # greater than that of every schema it asks at the same place
        self.recursive = self.target = False

    def all(self) -> Iterator[int]:
        """Every schema that this one leads to."""
        yield from (number for number, _ in self.here)
        yield from chain.from_iterable(self.below_all())

    def below_all(self) -> tuple[Collection[int], ...]:
        return self.named.values(), self.additional, self.below, self.ordered, self.rest

    def lead_on(self, end: Sequence[int]) -> None:
        """Replace every schema that this one leads to by the end of the way."""
        self.here = [(end[number], times) for number, times in self.here]
        self.named = {name: end[number] for name, number in self.named.items()}
        for group in (self.additional, self.below, self.ordered, self.rest):
            group[:] = [end[number] for number in group]


class Graph:
    """The schemas of a flat document. Raises Invalid where one leads back to itself at the same place."""

    def __init__(self, document: Any, dialect: Dialect) -> None:
        self._document, self._dialect = document, dialect
        self._numbers: dict[int, int] = {}
        self._schemas: list[Object] = []
        self.nodes: list[Node] = []
        self._add((), document)
        for schema in self._schemas:  # grows by what is referred to below a keyword that is none
            if "$ref" in schema:
                self._add(*self._followed(schema))
        self.root = self._number(document)
        for node, schema in zip(self.nodes, self._schemas, strict=True):
            self._connect(node, schema)
        self._check_chains()
        self._shorten()
        self._mark_recursive()

    def _add(self, start: Path, json_schema: Any) -> None:
        if id(json_schema) in self._numbers:
            return
        for path, schema in every(json_schema):
            if id(schema) not in self._numbers:
                self._numbers[id(schema)] = len(self.nodes)
                self.nodes.append(Node(start + path))
                self._schemas.append(schema)

    def _followed(self, schema: Object) -> tuple[Path, Any]:
        found: Any = self._document
        path: Path = ()
        for token in unquote(schema["$ref"]).split("/")[1:]:
            step: str | int = token.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list):
                step = int(step)
            found, path = found[step], (*path, step)
        return path, found

    def _number(self, schema: Any) -> int | None:
        """None for `true` and `false`, which are no work."""
        return self._numbers.get(id(schema)) if isinstance(schema, dict) else None

    def _connect(self, node: Node, schema: Object) -> None:
        if "$ref" in schema:
            self._here(node, self._followed(schema)[1], 1)
            if node.here:
                self.nodes[node.here[0][0]].target = True
            if self._dialect.lone_references:
                return
        again = 2 if "unevaluatedProperties" in schema or "unevaluatedItems" in schema else 1
        for keyword in BESIDE:
            for child in schema.get(keyword, ()):
                self._here(node, child, 2 if keyword in AGAIN else again)
        for keyword in ALONE:
            self._here(node, schema.get(keyword), again)
        for keyword in ("dependentSchemas", "dependencies"):
            for child in schema.get(keyword, {}).values():
                self._here(node, child, again)
        self._connect_below(node, schema)
        node.cost += len(schema.get("enum", ())) // 8 + len(schema.get("patternProperties", ()))

    def _here(self, node: Node, child: Any, times: int) -> None:
        if (number := self._number(child)) is not None:
            node.here.append((number, times))

    def _connect_below(self, node: Node, schema: Object) -> None:
        for name, child in schema.get("properties", {}).items():
            if (number := self._number(child)) is not None:
                node.named[name] = number
        items = schema.get("items")
        ordered = items if isinstance(items, list) else schema.get("prefixItems", [])
        rest = [None if isinstance(items, list) else items, schema.get("additionalItems")]
        rest += [schema.get("contains"), schema.get("unevaluatedItems")]
        patterns = schema.get("patternProperties", {}).values()
        node.ordered = self._known(ordered)
        node.rest = self._known(rest)
        node.additional = self._known([schema.get("additionalProperties")])
        node.below = self._known([*patterns, schema.get("unevaluatedProperties"), schema.get("propertyNames")])

    def _known(self, schemas: Any) -> list[int]:
        return [number for schema in schemas if (number := self._number(schema)) is not None]

    def _check_chains(self) -> None:
        """Refuse what would be asked for ever, and what would be asked too deep for the stack."""
        length: dict[int, int] = {}
        for rank, number in enumerate(_children_first(self.nodes, lambda node: [child for child, _ in node.here])):
            node = self.nodes[number]
            node.rank = rank
            below = [length.get(child) for child, _ in node.here]
            if None in below:  # a child that comes later is also an ancestor
                message = "leads back to itself without going into the data, so it would be asked for ever"
                raise Invalid.at("/json_schema" + pointer(node.path), message)
            length[number] = 1 + max(filter(None, below), default=0)
            if length[number] > CHAIN:
                message = f"lays more than {CHAIN} schemas on top of one another"
                raise Invalid.at("/json_schema" + pointer(node.path), message)

    def _shorten(self) -> None:
        """Let what leads to a mere reference lead to where that leads; most schemas of a large document are such."""
        end = list(range(len(self.nodes)))
        for number in sorted(end, key=lambda number: self.nodes[number].rank):
            node = self.nodes[number]
            if len(node.here) == 1 and node.here[0][1] == 1 and not any(node.below_all()):
                end[number] = end[node.here[0][0]]
        for node in self.nodes:
            node.lead_on(end)
        if self.root is not None:
            self.root = end[self.root]

    def _mark_recursive(self) -> None:
        """Mark what can be reached from itself: the strongly connected components (Kosaraju's algorithm)."""
        callers: list[list[int]] = [[] for _ in self.nodes]
        for number, node in enumerate(self.nodes):
            for child in node.all():
                callers[child].append(number)
        home: dict[int, int] = {}
        for start in reversed(list(_children_first(self.nodes, lambda node: list(node.all())))):
            waiting = [start]
            while waiting:
                number = waiting.pop()
                if number not in home:
                    home[number] = start
                    waiting.extend(callers[number])
        sizes = Counter(home.values())
        for number, node in enumerate(self.nodes):
            node.recursive = sizes[home[number]] > 1 or number in node.all()


def _children_first(nodes: Sequence[Node], children: Callable[[Node], list[int]]) -> Iterator[int]:
    """Every number after those it leads to, but for ways back (depth first, without recursion)."""
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
