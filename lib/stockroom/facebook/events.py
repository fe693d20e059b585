"""What a webhook of Facebook says: which Pages changed, and in which fields. Values are not used, nor messages read.

Facebook repeats a delivery without marking it, so what it says is what names it.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from stockroom.snapshot import timestamp

TEST_PAGE = "0"
"""The id of the Page in test events, Facebook's own and ours."""


@dataclass(frozen=True, slots=True)
class PageEvent:
    """All that one delivery says of one Page; `item` is what the inbox keeps."""

    page: str
    delivery: str
    item: dict[str, Any]


def split(body: bytes, now: float) -> list[PageEvent]:
    """One event for each Page in a delivery of up to 1,000 changes; none for what is not about a Page's own data."""
    changed: dict[str, dict[str, list[Any]]] = {}
    for entry in _entries(body):
        fields, page = _fields(entry), str(entry.get("id", ""))
        if fields and page.isascii() and page.isdigit():
            event = changed.setdefault(page, {"sentAt": [], "fields": []})
            event["sentAt"].append(entry.get("time"))
            event["fields"].extend(fields)
    return [_event(page, event, now) for page, event in changed.items()]


def _event(page: str, event: dict[str, list[Any]], now: float) -> PageEvent:
    identity = json.dumps([page, event]).encode()
    about = {"provider": "facebook", "page": page, "receivedAt": timestamp(now)}
    item = {**about, "sentAt": event["sentAt"], "fields": sorted(set(event["fields"]))}
    return PageEvent(page, hashlib.sha256(identity).hexdigest(), item)


def _entries(body: bytes) -> list[dict[str, Any]]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return []
    if not isinstance(content, dict) or content.get("object") != "page":
        return []
    entries = content.get("entry")
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def _fields(entry: dict[str, Any]) -> list[str]:
    """The names of what changed: objects in `changes` where values are sent, else names in `changed_fields`."""
    changes, names = entry.get("changes"), entry.get("changed_fields")
    found = [change.get("field") for change in changes if isinstance(change, dict)] if isinstance(changes, list) else []
    found += names if isinstance(names, list) else []
    return [name for name in found if isinstance(name, str)]
