"""The Markdown of texts: what prose means by it, and nothing that could harm."""

# ruff: noqa: RUF001 - quotes and dashes of several languages
import pytest

from reyna.library.book_compiler.renderers.markdown import MarkdownWriter
from reyna.library.book_compiler.text.blocks import (
    Block,
    BookNote,
    CodeBlock,
    Emphasis,
    Figure,
    Heading,
    Hyperlink,
    ItemList,
    LineBreak,
    NoteReference,
    Paragraph,
    PlainText,
    Poem,
    Quote,
    SceneBreak,
    StrongText,
    StruckText,
    plain_text,
)
from reyna.library.book_compiler.text.markdown import ParsedText, parse_markdown
from tests.library.book_compiler import lighthouse
from tests.library.book_compiler.gallery import EVERYTHING, HOSTILE, POEM


def one_block(text: str) -> Block:
    (block,) = parse_markdown(text).blocks
    return block


def texts_of(parsed: ParsedText) -> list[str]:
    return [plain_text(block.content) for block in parsed.blocks if isinstance(block, Paragraph | Heading)]


def test_paragraphs_are_parted_by_blank_lines_and_lines_are_joined() -> None:
    assert texts_of(parse_markdown("One\nline.\n\nTwo.")) == ["One line.", "Two."]


def test_each_line_is_a_paragraph_where_there_is_no_blank_line() -> None:
    assert texts_of(parse_markdown("One *line*.\nTwo.\n\tThree.")) == ["One line.", "Two.", "Three."]


def test_emphasis_strength_regret_and_line_breaks() -> None:
    assert one_block("*a* **b** ~~c~~\\\nd") == Paragraph(
        (
            Emphasis((PlainText("a"),)),
            PlainText(" "),
            StrongText((PlainText("b"),)),
            PlainText(" "),
            StruckText((PlainText("c"),)),
            LineBreak(),
            PlainText("d"),
        )
    )


@pytest.mark.parametrize("mark", ["***", "* * *", "---", "#", "⁂", "~", "•••", "* * * *", "– – –"])
def test_a_scene_break_is_known_in_all_its_forms(mark: str) -> None:
    assert [type(block) for block in parse_markdown(f"One.\n\n{mark}\n\nTwo.").blocks] == [
        Paragraph,
        SceneBreak,
        Paragraph,
    ]


def test_dashes_below_a_paragraph_are_a_scene_break_and_no_heading() -> None:
    assert [type(block) for block in parse_markdown("One.\n---\n\nTwo.").blocks] == [Paragraph, SceneBreak, Paragraph]


def test_an_indented_first_line_is_no_code() -> None:
    assert one_block("    He came.") == Paragraph((PlainText("He came."),))


def test_a_year_at_the_beginning_is_no_list() -> None:
    parsed = parse_markdown("1984. It was a cold day.\n\nMore.")
    assert texts_of(parsed) == ["1984. It was a cold day.", "More."]


def test_a_number_alone_is_no_list() -> None:
    assert texts_of(parse_markdown("12.\n\nHe came.")) == ["12.", "He came."]


def test_lists_keep_their_numbers_and_nest() -> None:
    listed = one_block("3. a\n4. b\n   - c")
    assert isinstance(listed, ItemList)
    assert (listed.start, len(listed.items), type(listed.items[1][1])) == (3, 2, ItemList)


def test_a_poem_keeps_its_lines_indents_and_stanzas() -> None:
    poem = parse_markdown(POEM).blocks[0]
    assert isinstance(poem, Poem)
    lines = [[(line.indent, plain_text(line.content)) for line in stanza] for stanza in poem.stanzas]
    assert lines == [[(0, "One line"), (2, "two lines, indented")], [(0, "and a stanza")]]


def test_a_fence_of_verse_is_a_poem_and_another_one_is_code() -> None:
    assert isinstance(one_block("```verse\na\n  b\n```"), Poem)
    assert one_block("```\na <b>\n```") == CodeBlock("a <b>")


def test_notes_count_on_and_are_referred_to_where_they_stand() -> None:
    parsed = parse_markdown("a[^x] b[^x]\n\n[^x]: The note[^x].", first_note=4)
    assert [one for one in parsed.blocks[0].content if isinstance(one, NoteReference)] == [  # type: ignore[union-attr]
        NoteReference(4),
        NoteReference(4, is_first=False),
    ]
    assert parsed.notes == (BookNote(4, (Paragraph((PlainText("The note[4]."),)),)),)


def test_an_image_alone_is_a_figure() -> None:
    assert one_block("![A ship](file-1)") == Figure("file-1", "A ship")


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//a.example", "/api/me"]
)
def test_a_link_that_leads_into_the_machine_is_only_its_words(url: str) -> None:
    assert "Hyperlink" not in repr(parse_markdown(f"[words]({url})").blocks)
    assert isinstance(one_block("[words](https://a.example/b)").content[0], Hyperlink)  # type: ignore[union-attr]


def test_html_and_control_characters_are_text_or_gone() -> None:
    (text,) = texts_of(parse_markdown("<b>\x00\x1b[31m\ud800\ufffe</b>&amp;"))
    assert text == "<b>[31m</b>&"


def test_the_direction_of_a_paragraph_is_that_of_its_first_letter() -> None:
    hebrew, english, number = parse_markdown("שלום.\n\nHello שלום.\n\n12 34", direction="rtl").blocks
    assert [block.direction for block in (hebrew, english, number)] == ["rtl", "ltr", "rtl"]  # type: ignore[union-attr]


def test_straight_quotes_become_those_of_the_language_when_asked() -> None:
    assert texts_of(parse_markdown('"Ja", sagte er.', smart_quotes="„“‚‘")) == ["„Ja“, sagte er."]
    assert texts_of(parse_markdown('"Ja", sagte er.')) == ['"Ja", sagte er.']


@pytest.mark.parametrize("text", [">" * 3_000 + " deep", "- " * 3_000 + "deep"])
def test_a_text_that_nests_too_deeply_keeps_all_its_words(text: str) -> None:
    assert "deep" in texts_of(parse_markdown(text))[0]


def test_emphasis_without_end_keeps_all_its_words() -> None:
    text = "*a **b " * 2_000 + "end" + "** *" * 2_000
    assert "end" in texts_of(parse_markdown(text))[0]


@pytest.mark.parametrize(
    "text",
    [
        *(lighthouse.NORTH_WIND, lighthouse.SECOND_BOWL, lighthouse.FOURTH_VOLUME, EVERYTHING, POEM, HOSTILE),
        *("1) a\n2) b", "\\# no heading", "a\\*b\\*", "2\\. no list", "+ \\- x", "> - a\n>   > b", "``a`b``"),
    ],
)
def test_what_is_written_as_markdown_parses_to_the_same_blocks(text: str) -> None:
    first = parse_markdown(text)
    writer = MarkdownWriter(level=0)
    written = "\n\n".join(writer.blocks(first.blocks))
    notes = [f"[^{note.number}]: " + "\n\n    ".join(writer.blocks(note.blocks)) for note in first.notes]
    again = parse_markdown("\n\n".join([written, "", *notes]))
    assert (again.blocks, again.notes) == (first.blocks, first.notes)


def test_a_quote_holds_blocks() -> None:
    quote = one_block("> a\n>\n> b")
    assert isinstance(quote, Quote)
    assert len(quote.blocks) == 2
