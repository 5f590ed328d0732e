"""The page of a pitch as PDF, typeset by Typst; the template reads it as data, so that no text of a user is code."""

import tempfile
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import msgspec

from reyna.library.book_compiler.renderers.pdf.typesetting import RendererMissing
from reyna.library.pitch.export.page import PitchPage

TEMPLATE: Final = "page.typ"
DATA_NAME: Final = "page.json"


def render(page: PitchPage, paper: Literal["a4", "letter"], moment: datetime) -> bytes:
    """Returns the PDF: the largest type with which all of it stands on one page. Raises RendererMissing."""
    try:
        import typst
    except ImportError as error:
        raise RendererMissing("PDF needs Typst, which is not installed: pip install 'reyna-studio[books]'.") from error
    with tempfile.TemporaryDirectory(prefix="reyna-pitch-") as folder:
        root = Path(folder)
        (root / TEMPLATE).write_bytes(files(__package__).joinpath(TEMPLATE).read_bytes())
        (root / DATA_NAME).write_bytes(msgspec.json.encode({"page": page, "paper": paper}))
        template = str(root / TEMPLATE)
        found: bytes = typst.compile(template, root=str(root), format="pdf", timestamp=int(moment.timestamp()))
    return found
