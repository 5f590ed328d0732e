"""The retention of backups: the number of them that stay, or the latest of each of some days, weeks and months."""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from reyna.domain.errors import WrongSetting

SETTING: Final = "REYNA_BACKUP_KEEP"
EXPECTED: Final = "a number such as 10, or days, weeks, months and years such as 7d,4w,12m"
RULE: Final = re.compile(r"([1-9][0-9]{0,3})([dwmy]?)")
PERIODS: Final[dict[str, Callable[[datetime], tuple[int, ...]]]] = {
    "d": lambda moment: (moment.year, moment.month, moment.day),
    "w": lambda moment: moment.isocalendar()[:2],
    "m": lambda moment: (moment.year, moment.month),
    "y": lambda moment: (moment.year,),
}


class KeepRule(NamedTuple):
    """The latest backup of each of the last `number` periods stays; without a period, the last `number` of all."""

    number: int
    period: str = ""


def parse_retention(text: str | None) -> tuple[KeepRule, ...]:
    """Parses `7d,4w,12m` or `10`; None is no rule. Raises WrongSetting."""
    if text is None:
        return ()
    rules = []
    for part in text.split(","):
        found = RULE.fullmatch(part.strip().lower())
        if found is None:
            raise WrongSetting(SETTING, f"expected {EXPECTED}, not {text!r}")
        rules.append(KeepRule(int(found[1]), found[2]))
    return tuple(rules)


def select_expired(moments: Sequence[datetime], rules: Sequence[KeepRule]) -> list[datetime]:
    """Returns the moments that no rule keeps; the latest always stays, and without rules all do."""
    if not rules:
        return []
    newest_first = sorted(moments, reverse=True)
    kept = set(newest_first[:1])
    for rule in rules:
        if not rule.period:
            kept.update(newest_first[: rule.number])
            continue
        latest: dict[tuple[int, ...], datetime] = {}
        for moment in newest_first:
            latest.setdefault(PERIODS[rule.period](moment), moment)
        kept.update(list(latest.values())[: rule.number])
    return [moment for moment in moments if moment not in kept]
