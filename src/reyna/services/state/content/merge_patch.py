"""JSON Merge Patch."""

from typing import Any


def apply_merge_patch(target: Any, patch: Any) -> Any:
    """Returns the patched target (RFC 7396, section 2): null removes, objects merge, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply_merge_patch(result.get(key), value)
    return result
