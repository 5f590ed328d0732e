"""Packs a folder into an archive to send; links are not followed."""

import os
import zipfile
from pathlib import Path
from typing import Final

from reyna.cli.terminal import ERR, print_line

LEVEL: Final = 1  # what is sent to a studio nearby need not be small
FIRST_TIME: Final = (1980, 1, 1, 0, 0, 0)  # of ZIP: files may be older


def pack_folder(folder: Path, archive: Path) -> None:
    """Writes the files below the folder into an archive, under the name of the folder."""
    root = folder.resolve()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as packed:
        for current, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files):
                file = Path(current) / name
                if file.is_symlink() or not file.is_file():
                    print_line(f"{file}: left out, since it is a link or no file", to=ERR)
                    continue
                info = zipfile.ZipInfo((Path(root.name) / file.relative_to(root)).as_posix(), FIRST_TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                with file.open("rb") as content, packed.open(info, "w", force_zip64=True) as entry:
                    while chunk := content.read(1024 * 1024):
                        entry.write(chunk)
