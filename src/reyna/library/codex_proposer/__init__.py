"""The codex proposer: the processor that finds characters, places and objects in a draft."""

from reyna.library.codex_proposer.processor import codex_proposer

__all__ = ["codex_proposer"]
