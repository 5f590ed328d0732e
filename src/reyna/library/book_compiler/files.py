"""The files of a run: the images that a book shows, and the files that are made of it."""

import asyncio
from pathlib import Path
from typing import Any, Final

from reyna.library.book_compiler.request import CompiledFile, ImageNames
from reyna.library.book_compiler.settings import BookSettings
from reyna.sdk import Context, NotFound

MAX_IMAGE_BYTES: Final = 50 * 1024 * 1024
MAX_IMAGES: Final = 2_000


async def save_files(files: tuple[CompiledFile, ...], context: Context[BookSettings]) -> list[dict[str, Any]]:
    """Stores each file; returns what a `compiled-book-v1` says of it."""
    return [await _save_file(file, context) for file in files]


async def load_images(sources: tuple[str, ...], folder: Path, context: Context[BookSettings]) -> ImageNames:
    """Writes the images that are there to the folder; the others are shown by their descriptions."""
    names: dict[str, str] = {}
    for number, source in enumerate(sources[:MAX_IMAGES]):
        content = await _load_file(file_id_of(source), context)
        if content is not None:
            names[source] = f"image-{number}"
            await asyncio.to_thread((folder / names[source]).write_bytes, content)
    return ImageNames(names)


def file_id_of(source: str) -> str:
    """Returns the id of a file in an address such as `file-01…`, `reyna:/files/file-01…` or `/api/files/file-01…`."""
    return source.split("?")[0].rstrip("/").rsplit("/", 1)[-1]


async def _save_file(file: CompiledFile, context: Context[BookSettings]) -> dict[str, Any]:
    content = await asyncio.to_thread(Path(file.path).read_bytes)
    saved = await context.save_file(file.name, content)
    return {
        "format": file.format,
        "file_id": saved.id,
        "name": file.name,
        "media_type": file.media_type,
        "size": file.size,
        "sha256": file.sha256,
    }


async def _load_file(id: str, context: Context[BookSettings]) -> bytes | None:
    if not id.startswith("file-"):
        return None
    content = b""
    try:
        async for part in context.open_file(id):
            content += part
            if len(content) > MAX_IMAGE_BYTES:
                return None
    except NotFound:
        return None
    return content
