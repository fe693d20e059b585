"""What one sandbox is told at its start."""

import re
from dataclasses import dataclass
from pathlib import Path

SHOP = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


@dataclass(frozen=True)
class Settings:
    """One app, known to every shop here under one key and secret."""

    api_key: str
    api_secret: str
    redirect_uri: str
    app_url: str | None = None
    """The app's own address, opened from the shop's admin; as a rule the redirect address with `login` at its end."""
    app_name: str = "Stockroom"
    catalog: str = "builtin"
    plan: str = "standard"
    state: Path | None = None
    """The folder in which installs and tokens outlive the process; None keeps them in memory only."""
    shops: tuple[str, ...] = ("acme.myshopify.com",)
    """The shops that the start page offers before anything else has been visited."""

    @property
    def app_address(self) -> str:
        return self.app_url or re.sub(r"/callback/?\Z", "/login", self.redirect_uri)
