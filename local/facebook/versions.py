"""Graph API versions: which live, and what becomes of a call to one that does not."""

from datetime import UTC, datetime

CURRENT = "v26.0"
# Oldest first; None: no end is known yet.
ENDS: dict[str, str | None] = {
    "v18.0": "2026-01-26",
    "v19.0": "2026-05-21",
    "v20.0": "2026-09-24",
    "v21.0": "2027-01-21",
    "v22.0": "2027-05-20",
    "v23.0": "2027-10-08",
    "v24.0": "2028-02-18",
    "v25.0": "2028-07-29",
    "v26.0": None,
}


def served(asked: str, now: float) -> str | None:
    """The version that answers: an expired one is forwarded to the oldest living; None if there is no such version."""
    if asked not in ENDS:
        return None
    living = [version for version, end in ENDS.items() if end is None or now < _moment(end)]
    return asked if asked in living else living[0]


def _moment(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
