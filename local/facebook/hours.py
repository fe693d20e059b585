"""Opening hours: a line for each day to a person, `mon_1_open` and its like to the Graph API."""

import re
from collections.abc import Mapping

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([0-2][0-9]:[0-5][0-9])\s*-\s*([0-2][0-9]:[0-5][0-9])")


def as_text(hours: Mapping[str, str]) -> str:
    """`mon 06:00-12:00 13:00-18:00`, one line for each day that has any."""
    lines = []
    for day in DAYS:
        numbers = [number for number in range(1, 10) if f"{day}_{number}_open" in hours]
        spans = [f"{hours[f'{day}_{number}_open']}-{hours.get(f'{day}_{number}_close', '')}" for number in numbers]
        if spans:
            lines.append(" ".join([day, *spans]))
    return "\n".join(lines)


def from_text(text: str) -> dict[str, str]:
    """The same the other way round; raises a ValueError that names the line."""
    hours: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        day, _, rest = line.partition(" ")
        spans = _SPAN.findall(rest)
        if day.lower() not in DAYS or not spans or _SPAN.sub("", rest).strip(" ,"):
            raise ValueError(f"Opening hours: {line!r} is not like: mon 08:00-12:00 13:00-18:00")
        for number, (opens, closes) in enumerate(spans, start=1):
            hours |= {f"{day.lower()}_{number}_open": opens, f"{day.lower()}_{number}_close": closes}
    return hours
