"""Reads folders of Markdown and plain text, and Obsidian vaults, which are such folders with links and tags."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote

from reyna.services.state.transfer.reading.draft_tree import FILE_LINK, DraftTree, natural_order, stem
from reyna.services.state.transfer.reading.front_matter import split_front_matter, texts_in
from reyna.services.state.transfer.reading.items import IncomingItem, TakeNote
from reyna.services.state.transfer.reading.opened_archive import (
    MAX_DOCUMENT_BYTES,
    BadArchive,
    OpenedArchive,
    decode_text,
    is_system_file,
)

TEXT_ENDINGS: Final = (".md", ".markdown", ".mdown", ".txt", ".text")
EMBED: Final = re.compile(r"!\[\[([^\]|#\n]+)(?:#[^\]|\n]*)?(?:\|([^\]\n]*))?\]\]")
IMAGE: Final = re.compile(r"(!?\[[^\]\n]*\]\()<?([^)>\n\s]+)>?((?:\s+\"[^\"\n]*\")?\))")
TAG: Final = re.compile(r"(?:^|(?<=[\s(]))#([^\s#.,;:!?()\[\]{}'\"`]*[^\W\d][^\s#.,;:!?()\[\]{}'\"`]*)")
CODE: Final = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
HEADING: Final = re.compile(r"\A\s*#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|\Z)")
FOLDER_TYPE: Final = "folder"
VAULT: Final = ".obsidian/"


def is_vault(archive: OpenedArchive) -> bool:
    """Tells whether an archive is a vault of Obsidian."""
    return any(path.startswith(VAULT) or f"/{VAULT}" in path for path in archive.paths)


def has_texts(archive: OpenedArchive) -> bool:
    """Tells whether an archive has Markdown or plain text."""
    return any(path.lower().endswith(TEXT_ENDINGS) and not is_system_file(path) for path in archive.paths)


def read_markdown_folder(archive: OpenedArchive, name: str, note: TakeNote) -> Iterator[IncomingItem]:
    """Yields a bucket for each folder, a text for each Markdown or text file, and a file for everything else."""
    paths = [path for path in archive.paths if not _is_ignored(path, note)]
    if not paths:
        raise BadArchive("There is nothing in it that can be imported.")
    top = _common_folder(paths)
    root = top.rstrip("/").rpartition("/")[2] or stem(name)
    tree = DraftTree(archive, f"markdown\x1f{root}")
    attachments = _Attachments(tree, [path for path in paths if not _is_text(archive, path)])
    yield tree.bucket("", None, root, FOLDER_TYPE)
    made = {""}
    for path in sorted(paths, key=lambda path: _reading_order(path.removeprefix(top))):
        folder = path.removeprefix(top).rpartition("/")[0]
        for above in _folders_above(folder):
            if above not in made:
                made.add(above)
                parent, _, last = above.rpartition("/")
                yield tree.bucket(above, parent, last, FOLDER_TYPE)
        if path in attachments.paths:
            yield from tree.attachment(path, folder)
        else:
            yield from _read_text(archive, tree, attachments, path, folder, note)


def _read_text(
    archive: OpenedArchive, tree: DraftTree, attachments: "_Attachments", path: str, folder: str, note: TakeNote
) -> Iterator[IncomingItem]:
    text, guessed = decode_text(archive.read(path))
    if guessed:
        note(path, "changed", guessed)
    if not path.lower().endswith((".md", ".markdown", ".mdown")):
        yield from tree.texts(path, folder, text, path=path, title=stem(path))
        return
    fields, body, is_whole = split_front_matter(text)
    if not is_whole:
        note(path, "not_understood", "Its front matter is more than flat; it is kept as text.")
    rest: dict[str, Any] = {}
    title = fields.pop("title", None)
    if fields:
        rest["front_matter"] = fields
    if tags := _tags_in(fields, body):
        rest["tags"] = tags
    if not isinstance(title, str) or not title.strip():
        title = found[1] if (found := HEADING.match(body)) else stem(path)
    yield from tree.texts(path, folder, attachments.link(body, path), path=path, title=title, rest=rest)


def _tags_in(fields: dict[str, Any], body: str) -> list[str]:
    """Returns the tags of a text, of its front matter first, each once."""
    tags = [tag.lstrip("#") for name in ("tags", "tag") for tag in texts_in(fields.get(name))]
    return [*dict.fromkeys([*tags, *TAG.findall(CODE.sub("", body))])]


class _Attachments:
    """The files beside the texts, found by path or, as Obsidian does, by their name alone."""

    def __init__(self, tree: DraftTree, paths: list[str]) -> None:
        self._tree, self.paths = tree, frozenset(paths)
        self._by_name = {path.rpartition("/")[2].casefold(): path for path in reversed(paths)}
        self._ids: dict[str, str] = {}

    def link(self, body: str, path: str) -> str:
        """Returns a text with its links to files leading to where they are kept; links between notes stay."""
        if not self.paths:
            return body
        folder = path.rpartition("/")[0]

        def embed(found: re.Match[str]) -> str:
            target = self._find(found[1].strip(), folder)
            name = (found[2] or "").strip() or found[1].strip().rpartition("/")[2]
            return found[0] if target is None else f"![{name}]({FILE_LINK}{self._id_of(target)})"

        def image(found: re.Match[str]) -> str:
            target = self._find(unquote(found[2]), folder)
            return found[0] if target is None else f"{found[1]}{FILE_LINK}{self._id_of(target)}{found[3]}"

        return IMAGE.sub(image, EMBED.sub(embed, body))

    def _find(self, target: str, folder: str) -> str | None:
        for candidate in (_joined(folder, target), target.lstrip("/")):
            if candidate in self.paths:
                return candidate
        return self._by_name.get(target.casefold()) if "/" not in target else None

    def _id_of(self, path: str) -> str:
        if path not in self._ids:
            self._ids[path] = self._tree.file_id(path)
        return self._ids[path]


def _joined(folder: str, target: str) -> str:
    """Returns a relative path from a folder, without leading outside."""
    parts = [part for part in folder.split("/") if part]
    for part in target.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _is_text(archive: OpenedArchive, path: str) -> bool:
    return path.lower().endswith(TEXT_ENDINGS) and archive.size_of(path) <= MAX_DOCUMENT_BYTES


def _is_ignored(path: str, note: TakeNote) -> bool:
    if not is_system_file(path):
        return False
    note(path, "ignored", "It belongs to a program and not to the texts.")
    return True


def _common_folder(paths: list[str]) -> str:
    """Returns the one folder that holds everything, with its slash, or nothing."""
    first = paths[0].partition("/")[0] + "/"
    return first if all(path.startswith(first) for path in paths) else ""


def _reading_order(path: str) -> tuple[Any, ...]:
    """Returns a key that sorts the texts of a folder before its folders, and both as people do."""
    *folders, name = path.split("/")
    return (*((1, natural_order(folder)) for folder in folders), (0, natural_order(name)))


def _folders_above(folder: str) -> Iterator[str]:
    parts = folder.split("/") if folder else []
    return ("/".join(parts[: length + 1]) for length in range(len(parts)))
