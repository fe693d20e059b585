"""The codes and tokens of one shop's install, by the rules of expiring offline tokens (since 28 August 2026)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

CODE_LIFE = 60
ACCESS_LIFE = 3600
REFRESH_LIFE = 90 * 86400
RETRY_LIFE = 30 * 86400
"""How long after its first use a refresh token may be sent again, as long as its replacement has not been used."""


class NotGranted(Exception):
    """`error` and its description, as the token endpoint answers them."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass
class Access:
    token: str
    scopes: list[str]
    expires: float | None


@dataclass
class Refresh:
    token: str
    expires: float
    first_used: float | None = None


@dataclass
class Pair:
    """What one grant hands out; without `refresh` the access token never expires."""

    access: Access
    refresh: Refresh | None


@dataclass
class Code:
    scopes: list[str]
    expires: float
    used: bool = False


@dataclass
class TokenBook:
    """One refreshable token per shop: `current`, and the `previous` one until `current` is used for the first time."""

    access: dict[str, Access] = field(default_factory=dict)
    current: Refresh | None = None
    previous: Refresh | None = None
    codes: dict[str, Code] = field(default_factory=dict)

    def new_code(self, scopes: Sequence[str], now: float) -> str:
        code = secrets.token_hex(16)
        self.codes[code] = Code(list(scopes), now + CODE_LIFE)
        return code

    def redeem(self, code: str, now: float, *, expiring: bool) -> Pair:
        """The first pair of an install. It retires every earlier refresh token at once."""
        known = self.codes.get(code)
        if known is None or known.used or now >= known.expires:
            raise NotGranted("invalid_request", "The authorization code was not found or was already used")
        known.used = True
        self.previous = self.current = None
        return self._issue(known.scopes, now, expiring=expiring)

    def refresh(self, token: str, scopes: Sequence[str], now: float) -> Pair:
        """A new pair for a refresh token.

        Sent again because the reply was lost, it gives yet another pair, and the lost replacement is void.
        """
        if self.current and token == self.current.token and now < self.current.expires:
            self.current.first_used, self.previous = now, self.current
        elif not (self.previous and token == self.previous.token and _may_retry(self.previous, now)):
            raise NotGranted("invalid_grant", "The refresh token is unknown, expired or has been replaced")
        return self._issue(scopes, now, expiring=True)

    def scopes_of(self, token: str, now: float) -> list[str] | None:
        """What a living access token may do; None for any other."""
        known = self.access.get(token)
        return known.scopes if known and (known.expires is None or now < known.expires) else None

    def revoke(self) -> None:
        """The app was uninstalled."""
        self.access.clear()
        self.codes.clear()
        self.current = self.previous = None

    def _issue(self, scopes: Sequence[str], now: float, *, expiring: bool) -> Pair:
        self.access = {key: kept for key, kept in self.access.items() if kept.expires is None or now < kept.expires}
        self.codes = {key: kept for key, kept in self.codes.items() if now < kept.expires}
        access = Access(f"shpat_{secrets.token_hex(16)}", list(scopes), now + ACCESS_LIFE if expiring else None)
        self.access[access.token] = access
        self.current = Refresh(f"shprt_{secrets.token_hex(16)}", now + REFRESH_LIFE) if expiring else None
        return Pair(access, self.current)


def _may_retry(refresh: Refresh, now: float) -> bool:
    return now < refresh.expires and refresh.first_used is not None and now < refresh.first_used + RETRY_LIFE
