"""Names of the folders and files in an archive: readable, in order, and safe on every system."""

import re
import unicodedata
from typing import Any, Final

from reyna.domain.text.folding import MAX_LINE_CHARACTERS, TEXT_FIELDS

LIBRARY: Final = "library"  # folder of the buckets
UNPLACED: Final = "unplaced"  # folder of the blobs that are in no bucket
DEEP: Final = "deep"  # folder of buckets whose path would be too long for most systems
FILES: Final = "files"
REVISIONS: Final = "revisions"
SCHEMAS: Final = "schemas"
MANIFEST: Final = "manifest.json"
READ_ME: Final = "README.md"
BUCKET_DOCUMENT: Final = "bucket.json"
FILE_INDEX: Final = f"{FILES}/index.json"
MAX_STEM_BYTES: Final = 80  # of a name in UTF-8, without its number and ending
MAX_FOLDER_BYTES: Final = 600  # of the path of a folder; some systems open no path above 1,024
MIN_NUMBER_DIGITS: Final = 2
FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]')
SPACES: Final = re.compile(r"\s+")
MARKUP: Final = re.compile(r"^[#>*\-\s]+")  # at the start of a line of Markdown
ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,11}$")


def stem_of(text: str, instead: str) -> str:
    """Returns the text as a part of a file name, or `instead` when nothing of it can be in one."""
    plain = unicodedata.normalize("NFC", SPACES.sub(" ", FORBIDDEN.sub(" ", text)))
    cut = plain.strip(" .").encode(errors="ignore")[:MAX_STEM_BYTES].decode(errors="ignore")
    return cut.strip(" .") or instead


def numbered(position: int, total: int, stem: str) -> str:
    """Returns a name that begins with its position, so that names are unique and sort in order."""
    return f"{position:0{max(MIN_NUMBER_DIGITS, len(str(total)))}d} {stem}"


def blob_stem(data: Any, schema_id: str) -> str:
    """Returns a file name for a blob, made of its title or of the first line of its text."""
    if not isinstance(data, dict):
        return stem_of(schema_id, "blob")
    title = data.get("title")
    if isinstance(title, str) and title.strip():
        return stem_of(title[:MAX_LINE_CHARACTERS], schema_id)
    for field in TEXT_FIELDS:
        if isinstance(text := data.get(field), str):
            line = MARKUP.sub("", text[:MAX_LINE_CHARACTERS].strip()).partition("\n")[0]
            return stem_of(line, schema_id)
    return stem_of(schema_id, "blob")


def file_entry_name(id: str, name: str) -> str:
    """Returns the path of a file; its id keeps the names apart."""
    ending = found[0] if (found := ENDING.search(name)) else ""
    return f"{FILES}/{stem_of(name.removesuffix(ending), 'file')} ({id}){ending.lower()}"


def revisions_entry_name(blob_id: str) -> str:
    """Returns the path of the earlier revisions of a blob."""
    return f"{REVISIONS}/{blob_id}.jsonl"


def schema_entry_name(id: str, version: str) -> str:
    """Returns the path of one version of a schema."""
    return f"{SCHEMAS}/{id}/{version}.json"
