"""The rules on the structure of `src/reyna`, each a function that lists what breaks it.

`python -m tests.repository.structure` prints all of it.
"""

import ast
import gc
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SOURCES: Final = ROOT / "src"
MAX_MODULES_PER_FOLDER: Final = 12
MAX_LINES_PER_FILE: Final = 400
MAX_LINES_PER_FUNCTION: Final = 50
UNBOUNDED_FOLDERS: Final = {"reyna/adapters/postgres/migrations/versions"}  # one file for each migration, for ever
QUESTION_WORDS: Final = ("what", "whether", "where", "which", "how", "who", "whom", "whose", "why", "one that", "as it")
LIBRARY_PRIVATE: Final = {"_replace", "_asdict", "_fields", "_exit"}  # public by their libraries' own documentation
SELF: Final = {"self", "cls"}
DATA_CLASSES: Final = {"Struct", "Protocol", "TypedDict", "NamedTuple", "Enum", "IntEnum", "StrEnum"}
ERRORS: Final = {"Exception", "BaseException", "ValueError", "Refusal", "Fault"}

BARE_PARTICIPLES: Final = {  # of functions and classes: they do not say of what
    *(
        "told",
        "made",
        "asked",
        "raised",
        "heard",
        "named",
        "shown",
        "found",
        "grown",
        "placed",
        "kept",
        "given",
        "said",
    ),
    *("seen", "taken", "wanted", "answered", "known", "left", "held", "written", "done"),
}
CONSTANTS_WITHOUT_SUBJECT: Final = {  # or without a unit
    *("MOST", "PATIENCE", "TRIES", "LONG", "LONGEST", "KEPT", "OFTEN", "EVERY", "PAUSE", "ROOM", "SHOWN", "ENOUGH"),
    *("FEW", "MANY", "SOON", "LATE", "PIECE", "STEP", "SETTLED", "AT_ONCE", "LENGTH", "LOOK", "WAITS", "TIMEOUT"),
}

METAPHORS: Final = re.compile(r"(?<![\"\w])(?:house|houses|door|doors|gatehouse|caretaker)(?![\"\w])", re.IGNORECASE)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Rule = Callable[[], list[str]]


def parse(path: Path) -> ast.Module:
    """Returns the tree of a Python file."""
    source = path.read_text(encoding="utf-8")
    gc.disable()  # an object finalized meanwhile may log a traceback, which parses too: not possible (gh-106905)
    try:
        return ast.parse(source)
    finally:
        gc.enable()


@cache
def trees() -> Mapping[str, ast.Module]:
    """Returns the tree of every module below `src`, by its path from there."""
    return {path.relative_to(SOURCES).as_posix(): parse(path) for path in sorted(SOURCES.rglob("*.py"))}


def crowded_folders() -> list[str]:
    """Lists the folders with more modules than one can take in, `__init__.py` not counted."""
    counts = Counter(str(Path(name).parent) for name in trees() if not name.endswith("__init__.py"))
    return sorted(
        folder for folder, count in counts.items() if count > MAX_MODULES_PER_FOLDER and folder not in UNBOUNDED_FOLDERS
    )


def long_files() -> list[str]:
    return [
        name for name in trees() if len((SOURCES / name).read_text(encoding="utf-8").splitlines()) > MAX_LINES_PER_FILE
    ]


def long_functions() -> list[str]:
    return [
        f"{name}:{node.name}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, Function) and (node.end_lineno or node.lineno) - node.lineno + 1 > MAX_LINES_PER_FUNCTION
    ]


def class_names_used_twice() -> list[str]:
    counts = Counter(node.name for _, node in _classes())
    return sorted(name for name, count in counts.items() if count > 1)


def private_names_used_across_files() -> list[str]:
    """Lists `path:_name` for names of another file's class or module, apart from what `self` and `cls` give."""
    found = []
    for name, tree in trees().items():
        own = _private_names_defined_in(tree)
        for node in ast.walk(tree):
            match node:
                case ast.Attribute(value=ast.Name(id=owner), attr=attribute) if owner in SELF:
                    continue
                case ast.Attribute(attr=attribute) if _is_private(attribute) and attribute not in own:
                    found.append(f"{name}:{attribute}")
                case ast.ImportFrom(names=imported):
                    found += [f"{name}:{one.name}" for one in imported if _is_private(one.name)]
    return sorted(set(found))


def classes_inherited_once_and_not_used() -> list[str]:
    """Lists the classes whose only purpose is to be inherited by one other.

    Errors, structs and protocols are left out, since inheritance states what they are.
    """
    subclasses: defaultdict[str, set[str]] = defaultdict(set)
    for _, node in _classes():
        for base in _bases_of(node):
            subclasses[base].add(node.name)
    in_bases = Counter(base for _, node in _classes() for base in _bases_of(node))
    uses = Counter(
        node.id if isinstance(node, ast.Name) else node.attr
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute)
    )
    kinds = _ancestors_by_class()
    return sorted(
        f"{name}:{node.name}"
        for name, node in _classes()
        if len(subclasses[node.name]) == 1
        and uses[node.name] <= in_bases[node.name]
        and not kinds[node.name] & (DATA_CLASSES | ERRORS)
    )


def import_cycles() -> list[str]:
    """Returns the modules of the first cycle of imports that are carried out when a module is loaded, or nothing."""
    modules = {_module_name(name): name for name in trees()}
    graph = {
        module: {_nearest_module(target, modules) for target in _imports_of(module, name)} - {module, ""}
        for module, name in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def module_docstrings_that_ask() -> list[str]:
    """Lists the modules whose docstring opens with a question word instead of the subject."""
    return [name for name, tree in trees().items() if _asks(ast.get_docstring(tree) or "")]


def names_without_subject() -> list[str]:
    """Lists functions and classes that are bare participles, and constants without a subject or unit."""
    found = []
    for name, tree in trees().items():
        for node in ast.walk(tree):
            match node:
                case ast.FunctionDef(name=own) | ast.AsyncFunctionDef(name=own) | ast.ClassDef(name=own):
                    found += [f"{name}:{own}"] if own.lstrip("_").lower() in BARE_PARTICIPLES else []
                case ast.AnnAssign(target=ast.Name(id=own)) | ast.Assign(targets=[ast.Name(id=own)]):
                    found += [f"{name}:{own}"] if own in CONSTANTS_WITHOUT_SUBJECT else []
    return sorted(set(found))


def docstrings_that_ask() -> list[str]:
    """Lists the classes and functions whose docstring opens with a question word instead of the subject or a verb."""
    return sorted(
        {
            f"{name}:{node.name}"
            for name, tree in trees().items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef | Function) and _asks(ast.get_docstring(node) or "")
        }
    )


def files_with_metaphors() -> list[str]:
    """Lists the files that call the application a house, or its servers doors; the stored value "house" stays."""
    return [name for name in trees() if METAPHORS.search((SOURCES / name).read_text(encoding="utf-8"))]


RULES: Final[tuple[Rule, ...]] = (
    crowded_folders,
    long_files,
    long_functions,
    class_names_used_twice,
    private_names_used_across_files,
    classes_inherited_once_and_not_used,
    import_cycles,
    module_docstrings_that_ask,
    docstrings_that_ask,
    names_without_subject,
    files_with_metaphors,
)


def _classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                yield name, node


def _bases_of(node: ast.ClassDef) -> list[str]:
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    return [base.id if isinstance(base, ast.Name) else getattr(base, "attr", "") for base in bases]


def _ancestors_by_class() -> dict[str, set[str]]:
    """Returns the names of all classes that a class inherits from, directly or not."""
    bases: defaultdict[str, set[str]] = defaultdict(set)
    for _, node in _classes():
        bases[node.name] |= set(_bases_of(node))

    def ancestors(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        direct = bases.get(name, set()) - seen
        return direct.union(*(ancestors(base, seen | direct) for base in direct))

    return {name: ancestors(name) for name in list(bases)}


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in LIBRARY_PRIVATE


def _private_names_defined_in(tree: ast.Module) -> set[str]:
    """Returns the private methods and attributes that the classes and functions of this module have."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
            case ast.Attribute(value=ast.Name(id=owner), attr=name, ctx=ast.Store()) if owner in SELF:
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                found.add(name)
    return {name for name in found if _is_private(name)}


def _module_name(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports_of(module: str, path: str) -> Iterator[str]:
    """Returns the dotted names that a module imports when it is loaded: not in functions, not for types only."""
    pending: list[ast.AST] = list(trees()[path].body)
    while pending:
        match pending.pop():
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                continue
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=otherwise):
                pending += otherwise
            case ast.Import(names=names):
                yield from (one.name for one in names)
            case ast.ImportFrom(module=source, names=names):
                yield from (f"{source}.{one.name}" for one in names)
            case node:
                pending += ast.iter_child_nodes(node)


def _nearest_module(target: str, modules: Mapping[str, str]) -> str:
    """Returns the module that `target` is, or is a name of; an empty text for one that is not ours."""
    while target and target not in modules:
        target = target.rpartition(".")[0]
    return target


def _asks(docstring: str) -> bool:
    opening = docstring.lower().split(None, 2)[:2]
    return bool(opening) and (opening[0].strip(",:.") in QUESTION_WORDS or " ".join(opening) in QUESTION_WORDS)


if __name__ == "__main__":
    for rule in RULES:
        broken = rule()
        print(f"{rule.__name__}: {len(broken)}", *broken, sep="\n    ")  # noqa: T201
