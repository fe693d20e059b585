"""How much of a token may be shown."""

MASK = "••••••"

_SHOWN = 4
_PREFIX = 8
_LONG = 2 * (_PREFIX + _SHOWN)
"""Characters from which a token may show some of them: half stay hidden at least."""


def masked(token: str) -> str:
    """Enough of a token to recognise it by, never enough to use it: `shpat_••••••3f9c`."""
    if len(token) < _LONG:
        return MASK
    prefix = token[: token.find("_", 0, _PREFIX) + 1]
    return f"{prefix}{MASK}{token[-_SHOWN:]}"
