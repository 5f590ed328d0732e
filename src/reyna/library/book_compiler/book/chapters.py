"""Builds a chapter out of the texts of its buckets."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec.structs import replace

from reyna.domain.text.words import word_count
from reyna.library.book_compiler.book.model import BookChapter, BookSection, ChapterKind
from reyna.library.book_compiler.book.roles import is_left_out
from reyna.library.book_compiler.book.sources import BookBucket, BookText
from reyna.library.book_compiler.book.versions import choose_texts
from reyna.library.book_compiler.text.blocks import Block, BookNote, Heading, SceneBreak, TextDirection, plain_text
from reyna.library.book_compiler.text.markdown import clean, parse_markdown


class ChapterRules(msgspec.Struct, frozen=True, kw_only=True):
    """The settings that say which texts make a chapter, and how they are read."""

    version: str
    choices: Mapping[str, str]
    left_out_types: frozenset[str]
    left_out_buckets: frozenset[str]
    scene_breaks: bool
    direction: TextDirection
    smart_quotes: str | None = None


class Scene(msgspec.Struct, frozen=True):
    """The texts that stand together under one title."""

    title: str | None
    texts: tuple[BookText, ...]


def chosen_items(bucket: BookBucket, rules: ChapterRules) -> Iterator[BookText | BookBucket]:
    """Yields what counts of a bucket in its order: one version of each text that is not empty, and its buckets."""
    version = rules.choices.get(bucket.id, rules.version)
    chosen = {first.blob_id: text for first, text in choose_texts(bucket.texts, version, rules.choices)}
    for item in bucket.items:
        if isinstance(item, BookBucket):
            if not is_left_out(item, rules.left_out_types, rules.left_out_buckets):
                yield item
        elif (text := chosen.pop(item.blob_id, None)) is not None and text.text.strip():
            yield text


def scenes_of(bucket: BookBucket, rules: ChapterRules, *, title: str | None = None) -> Iterator[Scene]:
    """Yields the scenes of a chapter: each text, or texts that follow each other, and those of the buckets in it."""
    together: list[BookText] = []
    for item in chosen_items(bucket, rules):
        if together and (rules.scene_breaks or isinstance(item, BookBucket)):
            yield Scene(title, tuple(together))
            together, title = [], None
        if isinstance(item, BookBucket):
            yield from scenes_of(item, rules, title=item.name if item.type == "section" else None)
        else:
            together.append(item)
    if together:
        yield Scene(title, tuple(together))


def build_chapter(
    scenes: Sequence[Scene],
    rules: ChapterRules,
    *,
    id: str,
    kind: ChapterKind,
    title: str | None,
    bucket_id: str | None,
) -> BookChapter:
    """Returns the chapter; a heading at its beginning that repeats its title is left out."""
    sections: list[BookSection] = []
    notes: list[BookNote] = []
    for scene in scenes:
        blocks: list[Block] = []
        for text in scene.texts:
            parsed = parse_markdown(
                text.text, direction=rules.direction, first_note=len(notes) + 1, smart_quotes=rules.smart_quotes
            )
            blocks += parsed.blocks
            notes += parsed.notes
        sections.append(BookSection(blocks=tuple(blocks), title=scene.title))
    return BookChapter(
        id=id,
        kind=kind,
        title=title,
        sections=_with_levels_from_one(tuple(_without_repeated_title(sections, title))),
        notes=tuple(notes),
        words=sum(word_count(text.text) for scene in scenes for text in scene.texts),
        bucket_id=bucket_id,
        blob_ids=tuple(text.blob_id for scene in scenes for text in scene.texts),
    )


def title_of(name: str | None) -> str | None:
    """Returns a name as a title: on one line, or None when nothing is left of it."""
    return " ".join(clean(name or "").split()) or None


def _without_repeated_title(sections: list[BookSection], title: str | None) -> Iterator[BookSection]:
    for number, section in enumerate(sections):
        blocks = section.blocks
        if number == 0 and title and blocks and _repeats(blocks[0], title):
            blocks = blocks[1:]
        if (kept := _without_outer_breaks(blocks)) or section.title:
            yield BookSection(blocks=kept, title=section.title)


def _with_levels_from_one(sections: tuple[BookSection, ...]) -> tuple[BookSection, ...]:
    """Returns the sections with their headings one level below the title of the chapter, whatever was written."""
    levels = [block.level for section in sections for block in section.blocks if isinstance(block, Heading)]
    surplus = min(levels, default=1) - 1
    if not surplus:
        return sections
    return tuple(
        replace(section, blocks=tuple(_raise_heading(block, surplus) for block in section.blocks))
        for section in sections
    )


def _raise_heading(block: Block, surplus: int) -> Block:
    return replace(block, level=block.level - surplus) if isinstance(block, Heading) else block


def _repeats(block: Block, title: str) -> bool:
    return isinstance(block, Heading) and " ".join(plain_text(block.content).split()).casefold() == title.casefold()


def _without_outer_breaks(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Returns the blocks without scene breaks at either end, where nothing is parted, and with one for several."""
    kept: list[Block] = []
    for block in blocks:
        if not (isinstance(block, SceneBreak) and (not kept or isinstance(kept[-1], SceneBreak))):
            kept.append(block)
    while kept and isinstance(kept[-1], SceneBreak):
        kept.pop()
    return tuple(kept)
