"""The app's install on one shop, and the file that keeps installs between runs."""

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from local.sandbox.catalog import Dated
from local.sandbox.subscriptions import Subscription
from local.sandbox.tokens import TokenBook


@dataclass
class Install:
    """Not installed as long as there is no date."""

    scopes: list[str] = field(default_factory=list)
    installed_at: Dated | None = None
    tokens: TokenBook = field(default_factory=TokenBook)
    subscriptions: dict[int, Subscription] = field(default_factory=dict)
    next_subscription: int = 1_000_000_001

    def grant(self, scopes: list[str], now: Dated) -> None:
        self.scopes, self.installed_at = scopes, now

    def remove(self) -> None:
        """The merchant uninstalled the app: its tokens are dead at once, its subscriptions gone."""
        self.tokens.revoke()
        self.subscriptions.clear()
        self.scopes, self.installed_at = [], None


@dataclass
class Kept:
    """What the file holds. Tokens of another app mean nothing to this one."""

    api_key: str
    shops: dict[str, Install]


_KEPT = TypeAdapter(Kept)


def write(file: Path, kept: Kept) -> None:
    """Written beside and moved, so that no crash can halve it; for nobody else's eyes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.touch(mode=0o600)
    beside.write_bytes(_KEPT.dump_json(kept, indent=1))
    beside.replace(file)


def read(file: Path, api_key: str) -> dict[str, Install]:
    """The installs of this app by shop; none if there is no file yet."""
    if not file.exists():
        return {}
    try:
        kept = _KEPT.validate_json(file.read_bytes())
    except ValidationError:
        raise SystemExit(f"{file} is damaged; delete it and log in again") from None
    return kept.shops if kept.api_key == api_key else {}
