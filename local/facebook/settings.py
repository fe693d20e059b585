"""What one sandbox is told at its start."""

from dataclasses import dataclass, field
from pathlib import Path

PAGES_PERMISSIONS = ("pages_show_list", "pages_read_engagement", "pages_manage_metadata")


@dataclass(frozen=True)
class Budgets:
    """How many calls are allowed before everything of that kind is throttled.

    Facebook gives 200 an hour for each active person of the app, and 4800 a day for each engaged person of a Page.
    """

    app: int = 2000
    """In an hour, with app and user tokens."""
    person: int = 1000
    """In an hour, with the tokens of one person."""
    page: int = 4800
    """In 24 hours, with the tokens of one Page."""


@dataclass(frozen=True)
class Settings:
    """One app, known to everybody here under one id and secret."""

    app_id: str
    app_secret: str
    redirect_uri: str
    app_name: str = "Stockroom"
    state: Path | None = None
    """The folder in which grants, tokens and edits outlive the process; None keeps them in memory only."""
    config_id: str | None = None
    """The app's one configuration of Facebook Login for Business; None takes any number for it."""
    config_permissions: tuple[str, ...] = PAGES_PERMISSIONS
    business_app: bool = False
    """A business app has to name a configuration; with scopes alone its dialog does not open."""
    require_proof: bool = True
    """The app's "Require App Secret" switch."""
    long_tokens_expire: bool = True
    """Off: the long-lived answer has no `expires_in`, and the token does not expire."""
    deauthorize_url: str | None = None
    deletion_url: str | None = None
    budgets: Budgets = field(default_factory=Budgets)
