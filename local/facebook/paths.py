"""Paths of the Graph API: an optional version, then what is asked."""

import re
from urllib.parse import unquote

_TOKEN = re.compile(r"EAAS[A-Za-z0-9]{20,}|[0-9]+\|[^/]+")
_VERSION = re.compile(r"v[0-9]+\.[0-9]+")


def split_path(path: str) -> tuple[str | None, tuple[str, ...]]:
    """`v26.0/me/accounts` is ("v26.0", ("me", "accounts")); without a version it is None."""
    parts = tuple(unquote(part) for part in path.split("/") if part)
    if parts and _VERSION.fullmatch(parts[0]):
        return parts[0], parts[1:]
    return None, parts


def without_tokens(path: str) -> str:
    """A path as it may be remembered, even if somebody took a token for an id."""
    return _TOKEN.sub("(token)", path)
