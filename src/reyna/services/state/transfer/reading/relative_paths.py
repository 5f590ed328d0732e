"""Resolves the addresses by which documents in an archive name its other entries."""

from urllib.parse import unquote, urlsplit


def resolve_path(document: str, address: str) -> str:
    """Returns the path of an address within an archive, or nothing for one that leads elsewhere."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc:
        return ""
    folder = [] if parts.path.startswith("/") else document.split("/")[:-1]
    for part in unquote(parts.path).split("/"):
        if part == "..":
            folder = folder[:-1]
        elif part not in ("", "."):
            folder.append(part)
    return "/".join(folder)
