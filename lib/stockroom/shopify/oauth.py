"""The OAuth login with Shopify: authorization code grant with expiring tokens.

Source: shopify.dev, authorization code grant; offline access tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import requests
from pydantic import ValidationError

from stockroom import state
from stockroom.errors import (
    CallerError,
    OwnerError,
    ProviderBusy,
    ProviderError,
    SetupError,
    StockroomError,
    Unauthorised,
)
from stockroom.http import Request
from stockroom.settings import ShopifyApp
from stockroom.shopify import shops
from stockroom.shopify.tokens import TokenReply
from stockroom.signing import verify_shopify_query

SCOPES = ("read_products", "read_inventory", "read_locations", "read_discounts")
PURPOSE = "shopify/login"

CALLBACK_WINDOW = 90
"""Seconds that a callback's timestamp may be off."""

ENTRY_WINDOW = 600
"""Seconds that a link from Shopify's admin stays good."""

_SIGNED = ("code", "hmac", "shop", "state", "timestamp", "host")
_TIMEOUT = (3.05, 10)
_UNAUTHORISED = 401
_TOO_MANY = 429
_SERVER_FAILED = 500


@dataclass(frozen=True, slots=True)
class Arrival:
    """A callback that passed every check that needs no storage."""

    shop: str
    code: str = field(repr=False)
    state: state.State


def consent_url(app: ShopifyApp, shop: str, state_text: str) -> str:
    """Where the owner is asked. Without `grant_options` the token is an offline one."""
    query = {"client_id": app.key, "scope": ",".join(SCOPES), "redirect_uri": app.redirect_uri, "state": state_text}
    return f"{shops.admin_url(shop, app.sandbox_url)}/admin/oauth/authorize?{urlencode(query)}"


def check_entry(request: Request, app: ShopifyApp, now: float) -> None:
    """Check the signature of the link by which Shopify opens the app."""
    request.refuse_repeated(*_SIGNED)
    _check_signature(request, app.secrets)
    _check_age(request, now, ENTRY_WINDOW)


def check_callback(request: Request, app: ShopifyApp, secret: str, now: float) -> Arrival:
    """What a callback brought, if Shopify signed it, it is recent, and this browser began the login."""
    request.refuse_repeated(*_SIGNED)
    _check_consent(request, app)
    _check_signature(request, app.secrets)
    _check_age(request, now, CALLBACK_WINDOW)
    shop = shops.domain(request.parameter("shop"))
    login = state.check(secret, PURPOSE, request.parameter("state"), request.cookies, now)
    if login.subject != shop:
        raise CallerError(f"This login was begun for {login.subject}, not for {shop}; {state.AGAIN}.", status=403)
    code = request.parameter("code")
    if not code:
        raise CallerError(f"The address has no code parameter; {state.AGAIN}.")
    return Arrival(shop, code, login)


def exchange(app: ShopifyApp, arrival: Arrival) -> TokenReply:
    """Trade the one-time code for a token pair. Never repeated: a code is good once."""
    url = f"{shops.admin_url(arrival.shop, app.sandbox_url)}/admin/oauth/access_token"
    form = {"client_id": app.key, "client_secret": app.secrets[0], "code": arrival.code, "expiring": "1"}
    try:
        reply = requests.post(
            url, data=form, headers={"accept": "application/json"}, timeout=_TIMEOUT, allow_redirects=False
        )
    except requests.Timeout:
        raise ProviderError(f"Shopify did not answer in time; {state.AGAIN}.", status=504) from None
    except requests.RequestException:
        raise ProviderError(f"{arrival.shop} cannot be reached; {state.AGAIN}.") from None
    return read_reply(reply.status_code, _json(reply))


def read_reply(status: int, content: Any) -> TokenReply:
    """The pair in the token endpoint's answer; `content` is its JSON, or None if it is none."""
    if status != requests.codes.ok:
        raise _refusal(status, content.get("error") if isinstance(content, dict) else None)
    try:
        return TokenReply.model_validate(content)
    except ValidationError:
        raise ProviderError(f"Shopify's answer held no token pair; {state.AGAIN}.") from None


def missing_scopes(granted: str) -> list[str]:
    """What was asked for and not granted; a write scope covers its read scope, which Shopify then leaves out."""
    have = {scope.strip() for scope in granted.split(",")}
    return [scope for scope in SCOPES if scope not in have and scope.replace("read_", "write_") not in have]


def login_url(app: ShopifyApp, shop: str = "") -> str:
    """Where an owner logs in, again perhaps; without a shop its name is asked for."""
    return f"{app.redirect_uri.rpartition('/')[0]}/login" + (f"/{shop}" if shop else "")


def check_scopes(granted: str, again: str | None = None) -> None:
    """Raise OwnerError unless everything asked for was granted; `again` is where to log in once more."""
    missing = missing_scopes(granted)
    if missing:
        raise OwnerError(
            f"Without {', '.join(missing)} the shop's data would be incomplete; log in again and grant all of it.",
            again=again,
        )


def _check_consent(request: Request, app: ShopifyApp) -> None:
    """A refusal carries nothing that we would act on, so its signature does not matter."""
    if request.parameter("error"):
        raise OwnerError(
            "The installation was cancelled on Shopify's page, so nothing was stored; log in again if you want to.",
            again=login_url(app),
        )


def _check_signature(request: Request, secrets: Sequence[str]) -> None:
    if not verify_shopify_query(request.signed_query, secrets):
        raise Unauthorised(
            "This address is not signed by Shopify: open it from Shopify, not by hand; "
            "if it came from there, check SHOPIFY_API_SECRET."
        )


def _check_age(request: Request, now: float, window: int) -> None:
    text = request.parameter("timestamp")
    made = int(text) if text.isascii() and text.isdigit() and len(text) < len("10000000000000") else None
    if made is None or abs(now - made) > window:
        raise CallerError(f"This address is too old, or this machine's clock is wrong; {state.AGAIN}.")


def _json(reply: requests.Response) -> Any:
    try:
        return reply.json()
    except ValueError:
        return None


def _refusal(status: int, error: str | None) -> StockroomError:
    if error == "invalid_client" or status == _UNAUTHORISED:
        return SetupError(
            "Shopify does not accept this app's credentials: check SHOPIFY_API_KEY and SHOPIFY_API_SECRET."
        )
    if status == _TOO_MANY:
        return ProviderBusy(f"Shopify is asked too often; wait a minute, then {state.AGAIN}.", wait=60)
    if status >= _SERVER_FAILED:
        return ProviderError(f"Shopify failed (HTTP {status}); {state.AGAIN} in a moment.")
    if error:
        return CallerError(f"Shopify refused the code: it has been used already or has expired; {state.AGAIN}.")
    return ProviderError(f"Shopify answered HTTP {status} without a reason; {state.AGAIN}.")
