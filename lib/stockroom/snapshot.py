"""The JSON object that the bot reads, and the freshness record beside it.

A snapshot is replaced only when its content changed, which one HEAD tells: the content's hash travels as metadata. It
is replaced by compare-and-swap, and never by something that was read earlier.
"""

import hashlib
import json
import logging
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stockroom.errors import Conflict, StockroomError
from stockroom.space import Found, Space

log = logging.getLogger("stockroom")

STALE_AFTER = 1800
"""Seconds without a check after which a reader should doubt: two polls were missed."""

_ATTEMPTS = 5
_LONGEST_READING = 3600
"""Seconds. What claims to have been read later than that after us was written by a clock that is wrong."""

Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is known of a snapshot besides its content; `read_at` is when the reading of the content began."""

    content_hash: str
    read_at: str
    snapshot_id: str

    def document(self) -> dict[str, str]:
        """As it stands in the snapshot itself; the id makes equal contents different objects."""
        return {"contentHash": self.content_hash, "readAt": self.read_at, "snapshotId": self.snapshot_id}

    def metadata(self) -> dict[str, str]:
        """As it travels with the object."""
        return {"content-hash": self.content_hash, "read-at": self.read_at, "snapshot-id": self.snapshot_id}

    @classmethod
    def of(cls, found: Found) -> "Stamp | None":
        """The stamp of a stored snapshot, or None for an object that something else wrote."""
        names = ("content-hash", "read-at", "snapshot-id")
        values = [found.metadata.get(name, "") for name in names]
        return cls(*values) if all(values) else None


@dataclass(frozen=True, slots=True)
class Published:
    """The snapshot that now lies in the bucket, and whether this call put it there."""

    stamp: Stamp
    changed: bool
    overtaken: bool = False
    """Whether another content lies there that was read later than ours."""


def publish(
    space: Space, key: str, content: Content, read_at: float, document: Callable[[Stamp], Content]
) -> Published:
    """Make `document(stamp)` the snapshot at `key` unless the same `content` lies there, or one that was read later.

    Only `content` decides whether anything changed; `document` may add to it.
    """
    fresh = Stamp(content_hash(content), timestamp(read_at), uuid.uuid4().hex)
    for _ in range(_ATTEMPTS):
        found = _stored(space, key)
        stored = Stamp.of(found) if found else None
        if stored and stored.content_hash == fresh.content_hash:
            log.info("No upload needed: Data unchanged (%s)", key)
            return Published(stored, changed=False)
        if stored and fresh.read_at < stored.read_at <= timestamp(read_at + _LONGEST_READING):
            log.info("No upload needed: a later reading lies there (%s)", key)
            return Published(stored, changed=False, overtaken=True)
        body = json.dumps(document(fresh), ensure_ascii=False).encode("utf-8", "surrogatepass")
        try:
            if found:
                space.swap(key, body, found.etag, metadata=fresh.metadata())
            else:
                space.create(key, body, metadata=fresh.metadata())
        except Conflict:
            continue
        return Published(fresh, changed=True)
    raise Conflict(f"{key} is being written by others all the time; try again later.")


def _stored(space: Space, key: str) -> Found | None:
    try:
        return space.head(key)
    except StockroomError as error:
        log.warning("Failed to fetch existing data: %s", error.message)
        raise


def content_hash(content: Content) -> str:
    """The same for the same content, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def record_check(
    space: Space, folder: str, now: float, published: Published, counts: Mapping[str, int], doubt: str | None
) -> None:
    """Note in `<folder>/freshness.json` that the source was read whole; `doubt` says why it may not be complete."""
    changes: dict[str, Any] = {
        "checkedAt": timestamp(now),
        "staleAfter": timestamp(now + STALE_AFTER),
        "counts": dict(counts),
        "complete": doubt is None,
        "doubt": doubt,
        "access": "ok",
        "changedAt": published.stamp.read_at,
        "lastError": None,
    }
    _record(space, folder, changes)


def record_failure(space: Space, folder: str, now: float, message: str) -> None:
    """Note that the source could not be read; what the bucket holds is the last good snapshot, if any."""
    _record(space, folder, {"lastError": {"at": timestamp(now), "message": message}})


def record_loss(space: Space, folder: str, now: float, reason: str) -> None:
    """Note that the source can no longer be read until its owner acts; the last good snapshot stays."""
    _record(space, folder, {"access": "lost", "lastError": {"at": timestamp(now), "message": reason}})


def timestamp(seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds: such texts sort as the times do."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _record(space: Space, folder: str, changes: Content) -> None:
    key = f"{folder}/freshness.json"
    for _ in range(_ATTEMPTS):
        found = space.read(key)
        body = json.dumps({**_known(found), **changes, "recordId": uuid.uuid4().hex}).encode()
        try:
            if found:
                space.swap(key, body, found.etag)
            else:
                space.create(key, body)
        except Conflict:
            continue
        return
    raise Conflict(f"{key} is being written by others all the time; try again later.")


def _known(found: Found | None) -> Content:
    """What the record says so far; one that somebody damaged is begun anew."""
    try:
        known = json.loads(found.body) if found else None
    except ValueError:
        known = None
    return known if isinstance(known, dict) else {"checkedAt": None, "changedAt": None, "complete": False}
