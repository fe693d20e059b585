"""shopify/webhook: verify an event, keep it in the inbox, answer. All work is left to the sync."""

from stockroom import http, inbox, settings
from stockroom.errors import CallerError, Unauthorised
from stockroom.http import Request, Response
from stockroom.shopify import events, shops
from stockroom.signing import verify_shopify_webhook
from stockroom.space import Space


def handle(request: Request) -> Response:
    """401 for any signature that is not exactly right; 200 once the event is stored, also if it came before."""
    secrets, spaces = settings.shopify_secrets(), settings.spaces()
    if not verify_shopify_webhook(request.body, request.headers.get("x-shopify-hmac-sha256", ""), secrets):
        raise Unauthorised(
            "X-Shopify-Hmac-Sha256 does not fit the body: only Shopify may post here; "
            "if this came from Shopify, check SHOPIFY_API_SECRET."
        )
    if not events.is_from_shop(request.headers, request.body):
        raise Unauthorised("The body is not an event of the shop that X-Shopify-Shop-Domain names.")
    event = events.event(request.headers, request.body, http.now())
    if not event["deliveryId"]:
        raise CallerError("The header X-Shopify-Webhook-Id is missing.")
    shop = shops.domain(event["shop"])
    new = inbox.store(Space(spaces, private=True), shops.source(shop), event["deliveryId"], event)
    return Response(200, {"status": "success", "message": "Stored." if new else "Stored already."})
