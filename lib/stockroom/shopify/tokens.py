"""A shop's token pair: as Shopify gives it, as we keep it, and how it gets into the vault and out again.

An access token lives an hour; its refresh token 90 days. No token shows in a repr or in a validation error.
"""

from pydantic import BaseModel, ConfigDict, Field

from stockroom.errors import LoginNeeded
from stockroom.shopify import shops
from stockroom.vault import Vault

_HOUR = 3600


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

    def renewed(stored: bytes | None) -> bytes:
        known = Tokens.model_validate_json(stored) if stored else None
        if stored and known and known.installed > now:
            return stored
        generation = known.generation + 1 if known else 1
        return Tokens.of(reply, now, generation).model_dump_json().encode()

    return Tokens.model_validate_json(vault.renew(shops.source(shop), renewed))


def load(vault: Vault, shop: str, now: float) -> Tokens:
    """The shop's tokens; raises LoginNeeded if there are none or they have run out."""
    stored = vault.read(shops.source(shop))
    if stored is None:
        raise LoginNeeded(f"{shop} is not connected: log in at /shopify/{shop}/login.")
    tokens = Tokens.model_validate_json(stored[0])
    if tokens.access_expires <= now:
        raise LoginNeeded(f"The token of {shop} has run out: log in again at /shopify/{shop}/login.")
    return tokens
