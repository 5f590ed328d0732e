"""Descriptions of the properties of accounts and API keys."""

from collections.abc import Mapping
from typing import Final

BUCKETS: Final = "The key reaches only what is in these buckets or below them; null for everything."
SCOPES: Final = "`read`; `write` and `processors`, which both include `read`; `admin`, which includes all."

ACCOUNT_PROPERTIES: Final[Mapping[str, str]] = {
    "hint": "How the key begins, to tell keys apart.",
    "grace_ends_at": "Until then the text before the last rotation is good, too; null when it is not.",
    "grace_seconds": "The time for which the text before the rotation is still good: 0 for none, at most 30 days.",
    "last_used_at": "The time of the last use, right to the minute; null when it was never used.",
    "rotated_at": "The time of the last rotation; null for none.",
    "IssuedKey.key": "The text of the key, which is shown this once.",
    **{f"{noun}.scopes": SCOPES for noun in ("NewKey", "KeyInfo", "IssuedKey")},
    **{f"{noun}.buckets": BUCKETS for noun in ("NewKey", "KeyInfo", "IssuedKey")},
    **{f"{noun}.expires_at": "The time from which it is refused; null for never." for noun in ("NewKey", "KeyInfo")},
    "IssuedKey.expires_at": "The time from which it is refused; null for never.",
    "SessionInfo.current": "True for the session that asks.",
    "SessionInfo.address": "The network address that it was started from; null when it is not known.",
    "SessionInfo.agent": "The browser or program that started it, as it names itself; null when it does not.",
    "SessionInfo.last_used_at": "The time of the last use, right to ten minutes; null when it was not used yet.",
    "SessionInfo.expires_at": "The time at which it ends.",
    "AuditItem.at": "The time of the act.",
    "AuditItem.who": "Who did it.",
    "AuditItem.key": "The API key that was used; null for a session.",
    "AuditItem.action": "The route that was called.",
    "AuditItem.target": "What it was done to; null for nothing by itself.",
    "AuditItem.from": "The network address that it came from; null when it is not known.",
    "AuditItem.outcome": "`done`, or `refused` with the status.",
    "AuditItem.hash": "The seal of the entry and of all before it.",
    "limited_to": "The buckets of the API key that requested the run: it reads nothing else. Null without a limit.",
}
