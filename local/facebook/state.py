"""The file in which grants, tokens, subscriptions and edits outlive the process."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from local.facebook.courier import Delivery
from local.facebook.grants import Grant
from local.facebook.subscriptions import Subscription
from local.facebook.tokens import TokenBook


@dataclass
class Kept:
    app_id: str
    grants: dict[str, Grant] = field(default_factory=dict)
    """By person."""
    book: TokenBook = field(default_factory=TokenBook)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    """Of the app, by object."""
    page_subscriptions: dict[str, list[str]] = field(default_factory=dict)
    """Page -> the fields its `subscribed_apps` names."""
    lost_roles: dict[str, list[str]] = field(default_factory=dict)
    """Person -> the Pages on which their role was taken away."""
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Page -> field -> its value now; null where it was cleared."""
    deliveries: list[Delivery] = field(default_factory=list)


_KEPT = TypeAdapter(Kept)


def dump(kept: Kept) -> bytes:
    return _KEPT.dump_json(kept, indent=1)


def write(file: Path, content: bytes) -> None:
    """Written beside and moved, so that no crash can halve it; for nobody else's eyes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_bytes(content)
    beside.replace(file)


def read(file: Path | None, app_id: str) -> Kept:
    """What was kept. Of another app's run only the edits are of use."""
    if file is None or not file.exists():
        return Kept(app_id)
    try:
        kept = _KEPT.validate_json(file.read_bytes())
    except ValidationError:
        raise SystemExit(f"{file} is damaged; delete it and log in again") from None
    return kept if kept.app_id == app_id else Kept(app_id, edits=kept.edits)
