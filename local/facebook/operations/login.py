"""oauth/access_token: a code for a token, a short-lived token for a long-lived one, the app's own token."""

import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from local.facebook.access import ailment_of
from local.facebook.call import Call
from local.facebook.errors import GraphError, bad_parameter, bad_session
from local.facebook.tokens import NEVER, Token
from local.facebook.world import World

UNKNOWN_APP = "Error validating application. Cannot get application info due to a system error."
WRONG_SECRET = "Error validating client secret."
BAD_REDIRECT = "Invalid redirect_uri: Given URL is not allowed by the Application configuration."


def token_reply(world: World, call: Call, *, expiring: bool = True) -> dict[str, object]:
    """The answer to a grant."""
    _check_app(world, call.params)
    grant = call.params.get("grant_type", "authorization_code")
    if grant == "client_credentials":
        return {"access_token": world.app_token, "token_type": "bearer"}
    if grant == "fb_exchange_token":
        return _told(world, _prolonged(world, call.params, expiring=expiring))
    if grant != "authorization_code":
        raise bad_parameter(f"Unsupported grant_type: {grant}")
    return _told(world, _redeemed(world, call.params), expiring=expiring)


def _check_app(world: World, sent: Mapping[str, str]) -> None:
    if not sent.get("client_id"):
        raise GraphError(101, "Missing client_id parameter.")
    if sent["client_id"] != world.settings.app_id:
        raise GraphError(101, UNKNOWN_APP)
    if not hmac.compare_digest(sent.get("client_secret", "").encode(), world.settings.app_secret.encode()):
        # Code 1 is otherwise "try again"; here only the words tell that trying is of no use.
        raise GraphError(1, WRONG_SECRET if sent.get("client_secret") else "Missing client_secret parameter.")


def _redeemed(world: World, sent: Mapping[str, str]) -> Token:
    redirect = sent.get("redirect_uri", "")
    if not redirect:
        raise GraphError(191, "Missing redirect_uri parameter.")
    if urlsplit(redirect).scheme not in {"http", "https"}:
        raise GraphError(191, BAD_REDIRECT)
    if not sent.get("code"):
        raise bad_parameter("Missing authorization code")
    return world.kept.book.redeem(sent["code"], redirect, world.settings.app_id, world.clock())


def _prolonged(world: World, sent: Mapping[str, str], *, expiring: bool) -> Token:
    token = world.kept.book.tokens.get(sent.get("fb_exchange_token", ""))
    if token is None or token.app_id != world.settings.app_id:
        raise GraphError(190)
    ailment = ailment_of(world, token)
    if ailment:
        raise bad_session(ailment, world.settings.app_id)
    expires = expiring and world.settings.long_tokens_expire
    return world.kept.book.prolonged(token, world.clock(), expiring=expires)


def _told(world: World, token: Token, *, expiring: bool = True) -> dict[str, object]:
    """Of a token that does not expire, `expires_in` is not told at all."""
    told: dict[str, object] = {"access_token": token.value, "token_type": "bearer"}
    if token.expires == NEVER or not expiring:
        return told
    return told | {"expires_in": token.expires - int(world.clock())}
