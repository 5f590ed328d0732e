"""Line blocks in Markdown, as Pandoc has them: each line that begins with `| ` is a line of a poem."""

from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

LINE_NAME: Final = "poem_line"


def add_line_blocks(parser: MarkdownIt) -> None:
    """Adds a rule that makes tokens `poem_open`, one `poem_line` with an `inline` for each line, and `poem_close`."""
    parser.block.ruler.before("blockquote", "line_block", _read_line_block, {"alt": ["paragraph", "blockquote"]})


def _read_line_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if _line_at(state, start) is None:
        return False
    if silent:
        return True
    state.push("poem_open", "", 1).map = [start, start]
    line = start
    while line < end and (text := _line_at(state, line)) is not None:
        opened = state.push(LINE_NAME, "", 1)
        content = text.lstrip(" ")
        opened.meta = {"indent": len(text) - len(content)}
        inline = state.push("inline", "", 0)
        inline.content, inline.map, inline.children = content.rstrip(), [line, line + 1], []
        state.push(f"{LINE_NAME}_close", "", -1)
        line += 1
    state.push("poem_close", "", -1)
    state.line = line
    return True


def _line_at(state: StateBlock, line: int) -> str | None:
    """Returns the text after `| `, or None for another line."""
    if state.sCount[line] < state.blkIndent:
        return None
    text = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
    if text.rstrip() == "|":
        return ""
    return text[2:] if text.startswith("| ") and not text.rstrip().endswith(" |") else None
