"""The settings of the book compiler."""

from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from reyna.library.book_compiler.book.roles import LEFT_OUT_TYPES
from reyna.library.book_compiler.book.versions import TextVersion

BookFormat = Literal["docx", "epub", "pdf", "print-pdf", "markdown", "html"]
BOOK_FORMATS: Final[tuple[BookFormat, ...]] = get_args(BookFormat)
Preset = Literal["manuscript", "paperback", "e-book", "web"]
TrimSize = Literal["5x8", "5.25x8", "5.5x8.5", "6x9", "a5", "a4", "letter"]
PRESET_FORMATS: Final[dict[Preset, tuple[BookFormat, ...]]] = {
    "manuscript": ("docx",),
    "paperback": ("print-pdf",),
    "e-book": ("epub",),
    "web": ("html", "pdf"),
}
DEFAULT_FORMATS: Final[tuple[BookFormat, ...]] = ("docx", "epub", "pdf")
Line = Annotated[str, Meta(max_length=500)]
BucketId = Annotated[str, Meta(max_length=100)]


class BookSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`bucket_id` is the bucket that becomes a book: by default the book that holds the text of the run.

    `buckets`: compile these alone, out of all that are in it. `preset` chooses formats for a purpose; `formats` names
    them. `version`: the newest version of each text, or the original, expanded or edited one where there is one;
    `choices` says otherwise for the texts of a bucket or for one text, by its id: a version, or the id of a blob.

    `title`, `subtitle`, `author`, `language` (as `en-GB`), `isbn` and `rights` take the place of what the metadata of
    the bucket say; `contact` are the lines of the address on a manuscript; `cover` is the id of an image file.
    `leave_out`: types of buckets that are no part of a book; `leave_out_buckets`: buckets by their ids.

    `scene_breaks`: a break between the texts of a chapter. `table_of_contents`, `trim` (the size of a printed page),
    `font_size` (of a printed page, in points), `manuscript_font`, `paper` (of a manuscript), and `smart_quotes`:
    curly quotation marks for straight ones.
    """

    bucket_id: BucketId | None = None
    buckets: tuple[BucketId, ...] = ()
    preset: Preset | None = None
    formats: tuple[BookFormat, ...] = ()
    version: TextVersion = "newest"
    choices: dict[str, Annotated[str, Meta(max_length=100)]] = {}
    title: Line | None = None
    subtitle: Line | None = None
    author: Line | None = None
    language: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")] | None = None
    isbn: Annotated[str, Meta(pattern="^[0-9Xx -]{10,17}$")] | None = None
    rights: Line | None = None
    contact: Annotated[tuple[Line, ...], Meta(max_length=10)] = ()
    cover: Annotated[str, Meta(max_length=200)] | None = None
    leave_out: tuple[str, ...] = LEFT_OUT_TYPES
    leave_out_buckets: tuple[BucketId, ...] = ()
    scene_breaks: bool = True
    table_of_contents: bool = True
    trim: TrimSize = "5x8"
    font_size: Annotated[float, Meta(ge=6, le=24)] = 10.5
    manuscript_font: Literal["Times New Roman", "Courier New"] = "Times New Roman"
    paper: Literal["letter", "a4"] = "letter"
    smart_quotes: bool = False

    @property
    def wanted_formats(self) -> tuple[BookFormat, ...]:
        """The formats that are named, else those of the preset, each once."""
        named = self.formats or (PRESET_FORMATS[self.preset] if self.preset else DEFAULT_FORMATS)
        return tuple(dict.fromkeys(named))
