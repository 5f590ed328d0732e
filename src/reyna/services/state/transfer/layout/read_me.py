"""The text in every archive that says what is in it."""

from typing import Final

READ_ME_TEXT: Final = b"""# Your library

This archive was exported from ReYNa Studio.

- `library/`: your buckets as folders, in order. `bucket.json` in each says what the bucket is and what is in it. Texts
  are Markdown with front matter, everything else is JSON. A blob that is in several buckets is stored once, in the
  first of them; `also_in` and the `bucket.json` of the others name it.
- `unplaced/`: what is in no bucket.
- `deep/`: buckets whose path would be too long for a file system.
- `files/`: images, audio and other files, with `index.json`.
- `revisions/`: earlier revisions, one line of JSON each, newest first (when they were asked for).
- `schemas/`: schemas of your own.
- `manifest.json`: how much of each there is, and the size and SHA-256 of every entry. It is written last: an archive
  without it is not whole.

`reyna import` and the import of the studio read this archive again, in this or another account.
"""
