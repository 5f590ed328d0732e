"""The pitch export: the processor that makes one page of a pitch, as PDF and DOCX."""

import asyncio
import hashlib
from typing import Annotated, Any, Final, Literal

import msgspec

from reyna.library.book_compiler.renderers.formats import FORMATS, file_name
from reyna.library.book_compiler.renderers.pdf.typesetting import RendererMissing
from reyna.library.pitch.export import docx, pdf
from reyna.library.pitch.export.page import build_page
from reyna.library.pitch.sources import PITCH_SCHEMA
from reyna.sdk import Blob, Context, Processor, Refuse

PageFormat = Literal["pdf", "docx"]
RENDERERS: Final = {"pdf": pdf.render, "docx": docx.render}


class ExportSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`formats`: the files to make. `paper`: the size of the page."""

    formats: Annotated[tuple[PageFormat, ...], msgspec.Meta(min_length=1, max_length=2)] = ("pdf", "docx")
    paper: Literal["a4", "letter"] = "a4"


pitch_export = Processor(
    "pitch-export",
    takes=PITCH_SCHEMA,
    makes="exported-document-v1",
    settings=ExportSettings,
    trigger="manual",
    rehearsal="never",
    name="Pitch export",
    description="Makes one page of a pitch, as PDF and DOCX: logline, short synopsis, audience and parts of its lists.",
)


@pitch_export
async def export_pitch(blob: Blob, context: Context[ExportSettings]) -> dict[str, Any]:
    """Returns the document with its files. The same pitch makes the same bytes.

    Raises Refuse for a pitch with nothing but its title, and where the typesetter is not installed.
    """
    page, settings = build_page(blob.data), context.settings
    if not page.logline and not page.sections:
        raise Refuse("There is nothing in this pitch that belongs on its page: no logline, synopsis, audience or list.")
    found: list[dict[str, Any]] = []
    for format in dict.fromkeys(settings.formats):
        try:
            content = await asyncio.to_thread(RENDERERS[format], page, settings.paper, blob.updated_at)
        except RendererMissing as error:
            raise Refuse(str(error)) from None
        name = file_name(page.title, format)
        saved = await context.save_file(name, content)
        found.append(
            {
                "format": format,
                "file_id": saved.id,
                "name": name,
                "media_type": FORMATS[format].media_type,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
        await context.progress(len(found) / len(settings.formats))
    return {"title": page.title, "source": {"blob_id": blob.id, "revision": blob.revision}, "files": found}
