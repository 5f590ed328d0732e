"""The research assistant: the processor that answers a question from the user's library and from named sources."""

from reyna.library.research_assistant.processor import build_research_assistant, research_assistant

__all__ = ["build_research_assistant", "research_assistant"]
