"""The sums of an estimate: from the reports about some blobs to the tokens of all runs."""

from collections.abc import Sequence
from typing import Final

from reyna.domain.processing.prompts.estimate import RehearsalReport, TokenEstimate

FIRST_ONLY: Final = "Only the first prompts are counted; what follows depends on the answers."
AT_MOST: Final = "The output is an upper bound: each answer counts with the most tokens that its prompt allows."


class EstimateSums:
    """The reports about a sample of the blobs of so many runs, added up and extended to all of them."""

    def __init__(self, runs: int, reports: Sequence[RehearsalReport]) -> None:
        self._runs = runs
        self._known = [report for report in reports if report.tokens is not None or report.refused is not None]
        self._unknown = [report.unknown for report in reports if report.unknown is not None]

    @property
    def sampled(self) -> int:
        """Returns the number of blobs about which something is known."""
        return len(self._known)

    @property
    def refused(self) -> int:
        return self._extend(sum(report.refused is not None for report in self._known))

    @property
    def tokens(self) -> TokenEstimate | None:
        """Returns the tokens of all runs; None when nothing is known of any."""
        if not self._known:
            return None
        found = [report.tokens for report in self._known if report.tokens is not None]
        return TokenEstimate(
            input_tokens=self._extend(sum(tokens.input_tokens for tokens in found)),
            output_tokens=self._extend(sum(tokens.output_tokens for tokens in found)),
            calls=self._extend(sum(tokens.calls for tokens in found)),
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Returns in words what the sums are worth."""
        notes = []
        if self._known and self.sampled < self._runs:
            notes.append(f"Computed from {self.sampled:,} of {self._runs:,} blobs.")
        if self.refused:
            one = self.refused == 1
            notes.append(f"{self.refused:,} of the runs {'is' if one else 'are'} likely to be refused.")
        if any(report.tokens is not None and not report.complete for report in self._known):
            notes.append(FIRST_ONLY)
        if any(report.is_at_most for report in self._known):
            notes.append(AT_MOST)
        if not self._known:
            notes.extend(dict.fromkeys(self._unknown))
        return tuple(notes)

    def _extend(self, count: int) -> int:
        return round(count * self._runs / self.sampled) if self.sampled else 0
