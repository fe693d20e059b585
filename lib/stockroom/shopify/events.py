"""What an event says, and no more: its body is a trigger, and the truth is fetched again."""

import json
from collections.abc import Mapping
from typing import Any

from stockroom.snapshot import timestamp

TEST_TOPIC = "stockroom/test"
"""The topic of our own test event, which proves that the webhook's address, secret and storage work."""

TOPICS = (
    "PRODUCTS_CREATE",
    "PRODUCTS_UPDATE",
    "PRODUCTS_DELETE",
    "COLLECTIONS_CREATE",
    "COLLECTIONS_UPDATE",
    "COLLECTIONS_DELETE",
    "INVENTORY_LEVELS_UPDATE",
    "INVENTORY_LEVELS_CONNECT",
    "INVENTORY_LEVELS_DISCONNECT",
    "INVENTORY_ITEMS_UPDATE",
    "LOCATIONS_UPDATE",
    "DISCOUNTS_CREATE",
    "DISCOUNTS_UPDATE",
    "DISCOUNTS_DELETE",
    "DISCOUNTS_REDEEMCODE_ADDED",
    "DISCOUNTS_REDEEMCODE_REMOVED",
    "SHOP_UPDATE",
    "APP_UNINSTALLED",
    "APP_SCOPES_UPDATE",
)
"""Everything that touches the snapshot, or ends the source. Compliance topics are declared in the app's settings
instead.
"""

_NAMES = (
    "id",
    "admin_graphql_api_id",
    "inventory_item_id",
    "location_id",
    "updated_at",
    "shop_id",
    "shop_domain",
)
_INNER = ("data_request", "customer")
_SHOP_NAMES = ("myshopify_domain", "shop_domain")


def event(headers: Mapping[str, str], body: bytes, now: float) -> dict[str, Any]:
    """The inbox item for a delivery: who, what, when, and which things are named in the body; no one's personal
    data.
    """
    return {
        "provider": "shopify",
        "topic": headers.get("x-shopify-topic", ""),
        "shop": headers.get("x-shopify-shop-domain", ""),
        "deliveryId": headers.get("x-shopify-webhook-id", ""),
        "eventId": headers.get("x-shopify-event-id", ""),
        "triggeredAt": headers.get("x-shopify-triggered-at", ""),
        "apiVersion": headers.get("x-shopify-api-version", ""),
        "receivedAt": timestamp(now),
        "names": names(body),
    }


def is_from_shop(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a body that Shopify signed is an event, and of the shop that the unsigned headers name.

    The same secret signs a callback's query, which anybody can see who owns a shop; but a query is no JSON object. And
    where the body itself names its shop, as those do that end a source, the header must agree.
    """
    content = _content(body)
    named = [content[name] for name in _SHOP_NAMES if name in content] if content is not None else []
    return content is not None and all(name == headers.get("x-shopify-shop-domain") for name in named)


def names(body: bytes) -> dict[str, Any]:
    """The ids in a body; none if it is not what Shopify documents, and then the whole shop is looked at."""
    content = _content(body) or {}
    found = {name: content[name] for name in _NAMES if name in content}
    for name in _INNER:
        inner = content.get(name)
        if isinstance(inner, dict) and "id" in inner:
            found[name] = {"id": inner["id"]}
    return found


def _content(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None
