"""Cutting: pieces put together are the content, whatever the pieces it arrives in."""

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from reyna.storage.backup.cutting import ByteCutter, Cutter, RowCutter, split_documents, split_lines


def cut(cutter: Cutter, arriving: list[bytes]) -> list[bytes]:
    return [*chain.from_iterable(cutter.feed(data) for data in arriving), *cutter.finish()]


def document(content: bytes) -> bytes:
    return (len(content) + 4).to_bytes(4, "little") + content


@given(st.lists(st.binary(max_size=50)))
def test_pieces_are_the_content(arriving: list[bytes]) -> None:
    for cutter in (RowCutter(split_lines), ByteCutter()):
        assert b"".join(cut(cutter, arriving)) == b"".join(arriving)


@given(st.lists(st.binary(max_size=20), max_size=20), st.integers(1, 30))
def test_documents_that_arrive_in_pieces_are_whole(contents: list[bytes], size: int) -> None:
    stream = b"".join(map(document, contents))
    cutter = RowCutter(split_documents)
    arriving = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert b"".join(cut(cutter, arriving)) == stream
    assert cutter.row_count == len(contents)


def test_where_it_is_cut_does_not_depend_on_how_the_content_arrives() -> None:
    content = b"".join(b"%08d\n" % (number * number) for number in range(300_000))
    whole = cut(RowCutter(split_lines), [content])
    in_blocks = cut(RowCutter(split_lines), [content[at : at + 65_000] for at in range(0, len(content), 65_000)])
    assert whole == in_blocks
    assert len(whole) > 1
