"""The authorization code grant as Shopify plays it: what an app may ask, where the browser goes, what a code gets."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from local.sandbox import scopes
from local.sandbox.settings import Settings
from local.sandbox.shops import Shop, World
from local.sandbox.signing import host_parameter, signed_address
from local.sandbox.tokens import ACCESS_LIFE, REFRESH_LIFE, NotGranted, Pair

Fields = Mapping[str, str]
CLIENT_ERRORS = {"invalid_client": 401}


class BadRequest(Exception):
    """What the app asks cannot be shown to a merchant; nobody is redirected anywhere."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


@dataclass(frozen=True)
class Consent:
    """What a merchant is asked."""

    scopes: list[str]
    redirect_uri: str
    state: str


def read_consent(asked: Fields, settings: Settings) -> Consent:
    """Check the parameters of /admin/oauth/authorize."""
    if asked.get("client_id") != settings.api_key:
        raise BadRequest("invalid_client", "No app has this client_id. Is SHOPIFY_API_KEY the sandbox's own key?")
    if asked.get("redirect_uri") != settings.redirect_uri:
        raise BadRequest(
            "invalid_request", f"The redirect_uri is not whitelisted; this app's is {settings.redirect_uri}"
        )
    if asked.get("grant_options[]"):
        raise BadRequest("invalid_request", "The sandbox gives offline tokens only; leave grant_options[] out")
    wanted = scopes.split(asked.get("scope", ""))
    unknown = [scope for scope in wanted if not scopes.is_known(scope)]
    if unknown or not wanted:
        raise BadRequest("invalid_scope", f"Not a valid access scope: {', '.join(unknown) or '(none)'}")
    if not asked.get("state"):
        raise BadRequest("invalid_request", "The state is missing: without it nobody can tell whose login this is")
    return Consent(wanted, settings.redirect_uri, asked["state"])


def approved(world: World, shop: Shop, consent: Consent, granted: list[str]) -> str:
    """Where the browser goes when the merchant installs the app."""
    with shop.lock:
        code = shop.install.tokens.new_code(granted, world.clock())
    return _back(world, shop, consent, {"code": code})


def refused(world: World, shop: Shop, consent: Consent) -> str:
    """Where the browser goes when the merchant does not."""
    said = "The resource owner denied the request"
    return _back(world, shop, consent, {"error": "access_denied", "error_description": said})


def opened(world: World, shop: Shop) -> str:
    """Where the browser goes when the merchant opens the app from the shop's admin."""
    return signed_address(world.settings.app_address, _place(world, shop), world.settings.api_secret)


def _back(world: World, shop: Shop, consent: Consent, outcome: dict[str, str]) -> str:
    params = outcome | _place(world, shop) | {"state": consent.state}
    return signed_address(consent.redirect_uri, params, world.settings.api_secret)


def _place(world: World, shop: Shop) -> dict[str, str]:
    """Dated by the real time, since the app has no other to compare it with."""
    return {"shop": shop.name, "host": host_parameter(shop.name), "timestamp": str(int(world.clock.real()))}


def token_reply(world: World, shop: Shop, sent: Fields) -> tuple[int, dict[str, object]]:
    """Status and body of /admin/oauth/access_token."""
    try:
        _know_client(sent, world.settings)
        with shop.lock:
            pair = _grant(world, shop, sent)
    except NotGranted as error:
        return denial(error.error, error.description)
    world.save()
    return 200, _told(pair)


def denial(error: str, description: str) -> tuple[int, dict[str, object]]:
    return CLIENT_ERRORS.get(error, 400), {"error": error, "error_description": description}


def _know_client(sent: Fields, settings: Settings) -> None:
    for name, expected in (("client_id", settings.api_key), ("client_secret", settings.api_secret)):
        if not sent.get(name):
            raise NotGranted("invalid_request", f"{name} is missing")
        if not hmac.compare_digest(sent[name].encode(), expected.encode()):
            raise NotGranted("invalid_client", "The client is unknown or its secret is wrong")


def _grant(world: World, shop: Shop, sent: Fields) -> Pair:
    if sent.get("grant_type", "authorization_code") == "refresh_token":
        return _refresh(world, shop, sent)
    if sent.get("grant_type", "authorization_code") != "authorization_code":
        raise NotGranted("invalid_request", f"grant_type {sent['grant_type']!r} is not supported here")
    if not sent.get("code"):
        raise NotGranted("invalid_request", "code is missing")
    pair = shop.install.tokens.redeem(sent["code"], world.clock(), expiring=sent.get("expiring") in {"1", "true"})
    shop.install.grant(pair.access.scopes, world.now())
    return pair


def _refresh(world: World, shop: Shop, sent: Fields) -> Pair:
    if not sent.get("refresh_token"):
        raise NotGranted("invalid_request", "refresh_token is missing")
    if not shop.install.installed_at:
        raise NotGranted("invalid_client", "The app is not installed on this shop")
    return shop.install.tokens.refresh(sent["refresh_token"], shop.install.scopes, world.clock())


def _told(pair: Pair) -> dict[str, object]:
    told: dict[str, object] = {"access_token": pair.access.token, "scope": scopes.compressed(pair.access.scopes)}
    if pair.refresh is None:
        return told
    lives = {"expires_in": ACCESS_LIFE, "refresh_token_expires_in": REFRESH_LIFE}
    return told | lives | {"refresh_token": pair.refresh.token}
