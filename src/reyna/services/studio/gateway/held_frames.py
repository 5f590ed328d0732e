"""Live frames that are held back while a device catches up."""

from collections import deque
from typing import Final

from reyna.services.studio.gateway.frames import Frame

MAX_HELD_FRAMES: Final = 256  # of one device; what is more is read from the stream again


class HeldFrames:
    """Frames in the order of their arrival. Beyond the limit all are dropped: stored events are replayed later,
    progress reports are lost."""

    __slots__ = ("frames", "is_incomplete")

    def __init__(self) -> None:
        self.frames: deque[Frame] = deque()
        self.is_incomplete = False  # frames were dropped, and must be replayed

    @property
    def is_empty(self) -> bool:
        """Returns True when nothing was held, or all of it has been taken."""
        return not self.frames and not self.is_incomplete

    def add(self, frame: Frame) -> None:
        if self.is_incomplete:
            return
        if len(self.frames) >= MAX_HELD_FRAMES:
            self.frames.clear()
            self.is_incomplete = True
            return
        self.frames.append(frame)
