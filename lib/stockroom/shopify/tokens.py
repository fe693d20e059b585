"""A shop's token pair: as Shopify gives it, as we keep it, and how it gets into the vault and out again.

An access token lives an hour; its refresh token 90 days. No token shows in a repr or in a validation error.
"""

from pydantic import BaseModel, ConfigDict, Field

from stockroom.errors import Conflict, LoginNeeded
from stockroom.shopify import shops
from stockroom.vault import Unreadable, Vault

MASK = "••••••"

_HOUR = 3600
_ATTEMPTS = 5
_SHOWN = 4
_PREFIX = 8
_LONG = 2 * (_PREFIX + _SHOWN)
"""Characters from which a token may show some of them: half stay hidden at least."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class TokenReply(_Model):
    """What the token endpoint answers. Replies without `expires_in` have been seen and do not mean "for ever"."""

    access_token: str = Field(repr=False, min_length=1)
    scope: str
    expires_in: int = Field(default=_HOUR, gt=0)
    refresh_token: str | None = Field(default=None, repr=False)
    refresh_token_expires_in: int | None = None


class Tokens(_Model):
    """What the vault keeps. Times are seconds since 1970; `generation` counts the pairs of this shop."""

    access_token: str = Field(repr=False)
    scope: str
    access_expires: float
    refresh_token: str | None = Field(default=None, repr=False)
    refresh_expires: float | None = None
    previous_refresh_token: str | None = Field(default=None, repr=False)
    generation: int = 1
    installed: float

    @classmethod
    def of(cls, reply: TokenReply, now: float, generation: int = 1) -> "Tokens":
        """The pair that a login brought."""
        life = reply.refresh_token_expires_in
        return cls(
            access_token=reply.access_token,
            scope=reply.scope,
            access_expires=now + reply.expires_in,
            refresh_token=reply.refresh_token,
            refresh_expires=None if life is None else now + life,
            generation=generation,
            installed=now,
        )


def keep(vault: Vault, shop: str, reply: TokenReply, now: float) -> Tokens:
    """Seal the pair that a login brought at `now`, in place of whatever is stored, unless that is newer still.

    Of two logins at once, the later exchange made the earlier pair useless.
    """
    source = shops.source(shop)
    for _ in range(_ATTEMPTS):
        try:
            stored = vault.read(source)
        except Unreadable:
            fresh = Tokens.of(reply, now)
            vault.replace(source, fresh.model_dump_json().encode())
            return fresh
        try:
            if stored is None:
                fresh = Tokens.of(reply, now)
                vault.create(source, fresh.model_dump_json().encode())
            else:
                content, etag = stored
                known = Tokens.model_validate_json(content)
                if known.installed > now:
                    return known
                fresh = Tokens.of(reply, now, known.generation + 1)
                vault.swap(source, fresh.model_dump_json().encode(), etag)
        except Conflict:
            continue
        return fresh
    raise Conflict(f"The tokens of {shop} are being written by others all the time; log in again.")


def load(vault: Vault, shop: str, now: float) -> Tokens:
    """The shop's tokens; raises LoginNeeded if there are none or they have run out."""
    stored = vault.read(shops.source(shop))
    if stored is None:
        raise LoginNeeded(f"{shop} is not connected: log in at /shopify/{shop}/login.")
    tokens = Tokens.model_validate_json(stored[0])
    if tokens.access_expires <= now:
        raise LoginNeeded(f"The token of {shop} has run out: log in again at /shopify/{shop}/login.")
    return tokens


def masked(token: str) -> str:
    """Enough of a token to recognise it by, never enough to use it: `shpat_••••••3f9c`."""
    if len(token) < _LONG:
        return MASK
    prefix = token[: token.find("_", 0, _PREFIX) + 1]
    return f"{prefix}{MASK}{token[-_SHOWN:]}"
