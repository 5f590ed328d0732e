"""The styles of a manuscript; lengths in twips, twentieths of a point."""

from typing import Final

from reyna.library.book_compiler.renderers.docx.xml import WORD, XML_HEADER
from reyna.library.book_compiler.renderers.edition import Edition

PAPER_TWIPS: Final = {"letter": (12_240, 15_840), "a4": (11_906, 16_838)}
MARGIN_TWIPS: Final = 1_440
INDENT_TWIPS: Final = 720
DOUBLE_SPACING: Final = 'w:line="480" w:lineRule="auto"'
SINGLE_SPACING: Final = 'w:line="240" w:lineRule="auto"'
FONT_HALF_POINTS: Final = 24
TITLE_LINES_TWIPS: Final = 800  # of the contact and of the title itself, above the middle of the page


def paper_size(edition: Edition) -> tuple[int, int]:
    return PAPER_TWIPS[edition.settings.paper]


def styles(edition: Edition) -> str:
    """Returns all styles: what is not said is that of `Normal`, which is the text of the manuscript."""
    width, height = paper_size(edition)
    third = height // 3 - MARGIN_TWIPS
    middle = height // 2 - MARGIN_TWIPS - TITLE_LINES_TWIPS
    opening = (
        f'<w:keepNext/><w:spacing w:before="{third}" {DOUBLE_SPACING}/><w:ind w:firstLine="0"/><w:jc w:val="center"/>'
    )
    inner = '<w:keepNext/><w:ind w:firstLine="0"/><w:jc w:val="center"/>'
    right_tab = f'<w:tabs><w:tab w:val="right" w:pos="{width - 2 * MARGIN_TWIPS}"/></w:tabs>'
    flat = f'<w:spacing w:before="0" w:after="0" {SINGLE_SPACING}/><w:ind w:firstLine="0"/>'
    listed = [
        _style("Normal", "Normal", _text_properties(edition), is_default=True, based_on=None),
        _style("FirstParagraph", "First Paragraph", ""),
        _style("Contact", "Contact", right_tab + flat),
        _style(
            "Title",
            "Title",
            f'<w:spacing w:before="{middle}" {DOUBLE_SPACING}/><w:ind w:firstLine="0"/><w:jc w:val="center"/>',
        ),
        _style("Subtitle", "Subtitle", '<w:ind w:firstLine="0"/><w:jc w:val="center"/>'),
        _style("Author", "Author", '<w:ind w:firstLine="0"/><w:jc w:val="center"/>'),
        _style("Heading1", "heading 1", opening + '<w:outlineLvl w:val="0"/>'),
        _style("Heading2", "heading 2", opening + '<w:outlineLvl w:val="1"/>'),
        *(
            _style(f"Heading{level}", f"heading {level}", f'{inner}<w:outlineLvl w:val="{level - 1}"/>')
            for level in range(3, 7)
        ),
        _style("ChapterOpening", "Chapter Opening", opening),
        _style("SceneBreak", "Scene Break", '<w:ind w:firstLine="0"/><w:jc w:val="center"/>'),
        _style("BlockText", "Block Text", f'<w:ind w:left="{INDENT_TWIPS}" w:right="{INDENT_TWIPS}" w:firstLine="0"/>'),
        _style("Poem", "Poem", f'<w:ind w:left="{2 * INDENT_TWIPS}" w:hanging="{INDENT_TWIPS}"/>'),
        _style("ListParagraph", "List Paragraph", '<w:ind w:firstLine="0"/>'),
        _style(
            "Code",
            "Code",
            '<w:ind w:firstLine="0"/>',
            run='<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>',
        ),
        _style("Figure", "Figure", '<w:ind w:firstLine="0"/><w:jc w:val="center"/>'),
        _style("Header", "header", f'{flat}<w:jc w:val="right"/>'),
        _style("FootnoteText", "footnote text", flat),
        _character_style("FootnoteReference", "footnote reference", '<w:vertAlign w:val="superscript"/>'),
        _character_style("Hyperlink", "Hyperlink", '<w:u w:val="single"/>'),
    ]
    return f'{XML_HEADER}<w:styles xmlns:w="{WORD}">{_defaults(edition)}{"".join(listed)}</w:styles>'


def _defaults(edition: Edition) -> str:
    font = edition.settings.manuscript_font
    language = edition.book.language
    return (
        f"<w:docDefaults><w:rPrDefault><w:rPr>"
        f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}" w:cs="{font}"/>'
        f'<w:sz w:val="{FONT_HALF_POINTS}"/><w:szCs w:val="{FONT_HALF_POINTS}"/>'
        f'<w:lang w:val="{language}" w:bidi="{language}"/></w:rPr></w:rPrDefault></w:docDefaults>'
    )


def _text_properties(edition: Edition) -> str:
    direction = "<w:bidi/>" if edition.book.direction == "rtl" else ""
    return (
        f'<w:widowControl w:val="0"/>{direction}<w:spacing w:before="0" w:after="0" {DOUBLE_SPACING}/>'
        f'<w:ind w:firstLine="{INDENT_TWIPS}"/><w:jc w:val="left"/>'
    )


def _style(
    id: str, name: str, properties: str, *, run: str = "", is_default: bool = False, based_on: str | None = "Normal"
) -> str:
    default = ' w:default="1"' if is_default else ""
    base = f'<w:basedOn w:val="{based_on}"/>' if based_on else ""
    looks = f"<w:rPr>{run}</w:rPr>" if run else ""
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{id}"><w:name w:val="{name}"/>{base}<w:qFormat/>'
        f"<w:pPr>{properties}</w:pPr>{looks}</w:style>"
    )


def _character_style(id: str, name: str, properties: str) -> str:
    return f'<w:style w:type="character" w:styleId="{id}"><w:name w:val="{name}"/><w:rPr>{properties}</w:rPr></w:style>'
