"""shopify/callback: the owner is back. Checks the login, seals the tokens, connects the shop, and answers."""

from dataclasses import dataclass, field
from typing import Any

from stockroom import http, page, settings, state
from stockroom.http import Request, Response
from stockroom.masking import masked
from stockroom.outcome import Places
from stockroom.page import Check
from stockroom.shopify import oauth, shops, snapshots, tokens
from stockroom.shopify.admin import Admin
from stockroom.shopify.connect import Connection, Webhooks, connect
from stockroom.shopify.tokens import Tokens
from stockroom.space import Space
from stockroom.vault import Vault
from stockroom.wake import wake

READING = 18
"""Seconds after which the rest of a big shop is left to the sync: a person is waiting."""

RESERVE = 6
"""Seconds before the platform's own end that uploading and answering need."""


@dataclass(slots=True)
class Setup:
    """All that this function is given, read before anything is done, so that nothing is left half done."""

    app: settings.ShopifyApp = field(default_factory=settings.shopify_app)
    api: settings.ShopifyApi = field(default_factory=settings.shopify_api)
    webhook_address: str = field(default_factory=settings.shopify_webhook_address)
    state_secret: str = field(default_factory=settings.state_secret, repr=False)
    spaces: settings.Spaces = field(default_factory=settings.spaces)
    keys: settings.KeyRing = field(default_factory=settings.token_keys)
    access_key: str = field(default_factory=settings.functions_access_key, repr=False)


def handle(request: Request) -> Response:
    """Finish a login; a StockroomError means that nothing was kept of it but that its state is used up."""
    setup, start = Setup(), http.now()
    arrival = oauth.check_callback(request, setup.app, setup.state_secret, start)
    places = Places(Space(setup.spaces), Space(setup.spaces, private=True))
    state.spend(places.private, arrival.state)
    reply, exchanged = oauth.exchange(setup.app, arrival), http.now()
    oauth.check_scopes(reply.scope, oauth.login_url(setup.app, arrival.shop))
    kept = tokens.keep(Vault(places.private, setup.keys), arrival.shop, reply, exchanged)
    admin = Admin(arrival.shop, kept.access_token, setup.api, min(start + READING, request.deadline - RESERVE))
    webhooks = Webhooks(setup.webhook_address, setup.app.secrets[0])

    def hand_over() -> bool:
        return wake(request.api_host, setup.access_key, "shopify/sync", {"source": shops.source(arrival.shop)})

    connection = connect(arrival.shop, admin, setup.api, webhooks, places, hand_over)
    return _respond(http.wants_page(request, arrival.state.page), arrival.shop, kept, connection)


def _respond(wants_page: bool, shop: str, kept: Tokens, connection: Connection) -> Response:
    """The page or the JSON, with as much of the data as fits into a result."""

    def render(data: dict[str, Any]) -> Response:
        answer = _answer(kept, connection, data)
        return Response.html(_page(shop, connection, answer)) if wants_page else Response(200, answer)

    return render(snapshots.first_part(connection.snapshot, connection.note, lambda data: http.fits(render(data))))


def _answer(kept: Tokens, connection: Connection, data: dict[str, Any]) -> dict[str, Any]:
    """The contract's JSON; the token is masked."""
    return {
        "token_data": {"access_token": masked(kept.access_token), "scope": kept.scope},
        "shopify_data": data,
        "webhook_test": connection.webhook_test,
        "polling_test": connection.polling_test,
        "upload_status_result": connection.upload,
    }


def _page(shop: str, connection: Connection, answer: dict[str, Any]) -> page.Document:
    parts = (
        ("Webhooks", connection.webhook_test, "Shopify's events arrive and are kept."),
        ("Reading", connection.polling_test, "The shop's data can be read with the stored token."),
        ("Upload", connection.upload, "The snapshot is in the bucket."),
    )
    checks = [Check(title, result["status"], result.get("message", fine)) for title, result, fine in parts]
    worked = all(check.status in ("success", "pending") for check in checks)
    title = f"{shop} is connected" if worked else f"{shop} is connected, but not all is well"
    counts = {_LABELS[name]: number for name, number in connection.snapshot["data"]["extensions"]["counts"].items()}
    part = answer["shopify_data"]["data"]["extensions"].get("part")
    return page.result(title, f"The bot finds its data at {shops.snapshot_key(shop)}.", counts, checks, answer, part)


_LABELS = {
    "products": "Products",
    "variants": "Variants",
    "codeDiscounts": "Discounts by code",
    "automaticDiscounts": "Automatic discounts",
    "collections": "Collections",
}
