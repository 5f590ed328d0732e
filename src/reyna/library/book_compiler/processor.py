"""The book compiler: the processor that turns a bucket tree into a book and its files."""

import tempfile
from functools import partial
from pathlib import Path

from reyna.library.book_compiler.child_process import compile_in_child
from reyna.library.book_compiler.files import load_images, save_files
from reyna.library.book_compiler.reading import read_book
from reyna.library.book_compiler.request import CompileRequest
from reyna.library.book_compiler.settings import BookSettings
from reyna.library.text_versions import TEXT_SCHEMAS
from reyna.sdk import Blob, Context, Derived, Processor

book_compiler = Processor(
    "book-compiler",
    takes=TEXT_SCHEMAS,
    makes="compiled-book-v1",
    settings=BookSettings,
    name="Book compiler",
    description="Compiles the chapters of a book in their order, as DOCX manuscript, EPUB, PDF, Markdown or HTML.",
    trigger="manual",
    whole_bucket=True,
    rehearsal="never",
)


@book_compiler
async def compile_book(blob: Blob, context: Context[BookSettings]) -> Derived:
    """Returns the compiled book, which is placed in the bucket that it was made of.

    Raises Refuse for a bucket without a text, and for more than it takes.
    """
    root = await read_book(blob, context)
    with tempfile.TemporaryDirectory(prefix="reyna-book-") as folder:
        request = CompileRequest(root=root, settings=context.settings, folder=folder)
        fetch = partial(load_images, folder=Path(folder), context=context)
        result = await compile_in_child(request, fetch, context.progress)
        files = await save_files(result.files, context)
    await context.progress(1.0)
    return Derived((result.data or {}) | {"files": files}, buckets=(root.id,))
