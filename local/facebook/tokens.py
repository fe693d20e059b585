"""Codes and access tokens: how they are made, what they turn into, when they die."""

import secrets
import string
from dataclasses import dataclass, field
from threading import RLock
from typing import Literal

from local.facebook.errors import GraphError, bad_parameter

CODE_LIFE = 600
LONG_LIFE = 5_183_944
"""Just under 60 days, as the real answer has it."""
DATA_ACCESS_LIFE = 90 * 86400
NEVER = 0
LETTERS = string.ascii_letters + string.digits

CODE_UNKNOWN = "Invalid verification code format."
CODE_USED = "This authorization code has been used."
CODE_EXPIRED = "This authorization code has expired."
OTHER_REDIRECT = (
    "Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the "
    "OAuth dialog request"
)


@dataclass
class Code:
    person: str
    redirect_uri: str
    expires: float
    used: bool = False


@dataclass
class Token:
    value: str
    app_id: str
    person: str
    issued: int
    expires: int
    """0: never."""
    data_access_expires: int
    kind: Literal["USER", "PAGE"] = "USER"
    long: bool = False
    page: str | None = None
    parent: str | None = None
    """The user token that a Page token was read with."""
    dead: int | None = None
    """The subcode with which it is refused from now on."""

    def ailment(self, now: float) -> int | None:
        """The subcode of code 190 that it meets; None if it is well."""
        expired = 463 if self.expires != NEVER and now >= self.expires else None
        return self.dead or expired


@dataclass
class TokenBook:
    """Safe for many threads."""

    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lock = RLock()

    def new_code(self, person: str, redirect_uri: str, now: float) -> str:
        code = "AQ" + secrets.token_urlsafe(160)
        with self.lock:
            self.codes = {key: kept for key, kept in self.codes.items() if now < kept.expires + CODE_LIFE}
            self.codes[code] = Code(person, redirect_uri, now + CODE_LIFE)
        return code

    def redeem(self, code: str, redirect_uri: str, app_id: str, now: float) -> Token:
        """The short-lived user token for a code. Wrong use of a code does not use it up."""
        with self.lock:
            known = self.codes.get(code)
            if known is None:
                raise bad_parameter(CODE_UNKNOWN)
            if known.used:
                raise bad_parameter(CODE_USED)
            if now >= known.expires:
                raise bad_parameter(CODE_EXPIRED)
            if redirect_uri != known.redirect_uri:
                raise bad_parameter(OTHER_REDIRECT)
            known.used = True
            # One to two hours, ending on the hour.
            return self._keep(Token(new_value(), app_id, known.person, int(now), _next_but_one_hour(now), _access(now)))

    def prolonged(self, token: Token, now: float, *, expiring: bool) -> Token:
        """The long-lived token for a user token."""
        if token.kind != "USER":
            raise GraphError(190, "The access token is not a user access token.")
        expires = int(now) + LONG_LIFE if expiring else NEVER
        fresh = Token(new_value(), token.app_id, token.person, int(now), expires, token.data_access_expires, long=True)
        return self._keep(fresh)

    def for_page(self, user_token: Token, page: str, now: float) -> Token:
        """The token of a Page. From a long-lived user token it never expires, from another one together with it."""
        with self.lock:
            for token in self.tokens.values():
                if token.parent == user_token.value and token.page == page and token.ailment(now) is None:
                    return token
            fresh = Token(
                new_value(),
                user_token.app_id,
                user_token.person,
                int(now),
                NEVER if user_token.long else user_token.expires,
                user_token.data_access_expires,
                kind="PAGE",
                page=page,
                parent=user_token.value,
            )
            return self._keep(fresh)

    def kill(self, person: str, subcode: int) -> None:
        """All tokens of a person, and their codes."""
        with self.lock:
            for token in self.tokens.values():
                if token.person == person:
                    token.dead = token.dead or subcode
            self.codes = {key: code for key, code in self.codes.items() if code.person != person}

    def keep_pages(self, person: str, pages: list[str] | None) -> None:
        """Another choice of Pages: the tokens of those that are not in it are dead, even if they come back later."""
        with self.lock:
            for token in self.tokens.values():
                if token.person == person and token.page and pages is not None and token.page not in pages:
                    token.dead = token.dead or 467

    def lose_role(self, person: str, page: str) -> None:
        """The tokens of one Page that came from this person."""
        with self.lock:
            for token in self.tokens.values():
                if token.person == person and token.page == page:
                    token.dead = token.dead or 492

    def of_other_app(self, app_id: str, person: str, now: float) -> None:
        """One token that is good, but not for this app."""
        with self.lock:
            if not any(token.app_id == app_id for token in self.tokens.values()):
                self._keep(Token(new_value(), app_id, person, int(now), NEVER, _access(now), long=True))

    def _keep(self, token: Token) -> Token:
        with self.lock:
            self.tokens[token.value] = token
        return token


def new_value() -> str:
    return "EAAS" + "".join(secrets.choice(LETTERS) for _ in range(180))


def _access(now: float) -> int:
    return int(now) + DATA_ACCESS_LIFE


def _next_but_one_hour(now: float) -> int:
    return (int(now) // 3600 + 2) * 3600
