"""The book compiler: the processor that turns a bucket and all that is in it into a book, and into its files."""

from reyna.library.book_compiler.processor import book_compiler

__all__ = ["book_compiler"]
