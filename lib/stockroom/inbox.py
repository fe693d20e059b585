"""Events that are stored and not yet worked off, one small object each: `.stockroom/inbox/<source>/<delivery>`.

An event is only a trigger, so its item holds what names the thing that changed and never the thing itself.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from stockroom.errors import Conflict
from stockroom.space import Space

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,64}")


def store(space: Space, source: str, delivery: str, event: Mapping[str, Any]) -> bool:
    """Keep an event; False if this delivery is here already, as senders repeat themselves."""
    try:
        space.create(key(source, delivery), json.dumps(event).encode())
    except Conflict:
        return False
    return True


def holds(space: Space, source: str, delivery: str) -> bool:
    """Whether a delivery's event lies here."""
    return space.head(key(source, delivery)) is not None


def clear(space: Space, source: str, delivery: str) -> None:
    """Take away an event that has been worked off."""
    space.delete(key(source, delivery))


def key(source: str, delivery: str) -> str:
    """Where a delivery's event lies. An id that is not plain is replaced by its hash: it becomes part of a path."""
    name = (
        delivery
        if _PLAIN.fullmatch(delivery)
        else hashlib.sha256(delivery.encode("utf-8", "surrogatepass")).hexdigest()
    )
    return f".stockroom/inbox/{source}/{name}"
