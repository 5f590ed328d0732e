"""The build hook of the wheel `reyna-sdk`: adds the modules of the SDK, and the line that puts them on the path.

They lie in a folder of their own, so that no file belongs to this wheel and to `reyna-studio` as well
(docs/decisions/0031-sdk-wheel-beside-the-studio.md).
"""

import sys
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER: Final = "reyna_sdk"  # in the wheel
PATH_FILE: Final = "reyna_sdk.pth"  # read by Python at its start: its line is a folder to import from


class SdkFiles(BuildHookInterface):  # type: ignore[type-arg,misc,unused-ignore]
    """Called by hatchling for every wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Raises OSError when a file cannot be read."""
        root = Path(self.root)
        sys.path.insert(0, str(root))
        from sdk_modules import closure_files

        sources = root.parents[1] / "src"
        for file in closure_files(sources):
            build_data["force_include"][str(sources / file)] = f"{FOLDER}/{file.as_posix()}"
        build_data["force_include"][str(root.parents[1] / "LICENSE")] = f"{FOLDER}/LICENSE"
        build_data["force_include"][str(root / PATH_FILE)] = PATH_FILE
