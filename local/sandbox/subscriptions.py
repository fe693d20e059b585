"""Webhook subscriptions of one shop: what may be subscribed to, and where it may be sent."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from local.sandbox.catalog import Dated
from local.sandbox.numbers import gid

TAKEN = "Address for this topic has already been taken"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
ELSEWHERE = re.compile(r"pubsub://[^:/]+:[^:/]+|arn:aws:events:.+")

# What a topic begins with -> the scopes of which one is needed.
SCOPES = {
    "PRODUCTS_": ("read_products",),
    "COLLECTIONS_": ("read_products",),
    "VARIANTS_": ("read_products",),
    "INVENTORY_ITEMS_": ("read_inventory", "read_products"),
    "INVENTORY_LEVELS_": ("read_inventory",),
    "DISCOUNTS_": ("read_discounts",),
    "LOCATIONS_": ("read_locations",),
    "ORDERS_": ("read_orders",),
    "CUSTOMERS_": ("read_customers",),
    "MARKETS_": ("read_markets",),
    "THEMES_": ("read_themes",),
}


@dataclass
class Subscription:
    number: int
    topic: str
    uri: str
    created_at: Dated
    updated_at: Dated
    api_version: str
    format: str = "JSON"
    filter: str | None = None
    name: str | None = None
    include_fields: list[str] = field(default_factory=list)
    metafield_namespaces: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return gid("WebhookSubscription", self.number)

    @property
    def legacy_resource_id(self) -> str:
        return str(self.number)

    @property
    def callback_url(self) -> str:
        return self.uri

    def change(self, wanted: Mapping[str, object], now: Dated) -> None:
        """Take over what an input names."""
        self.uri = str(wanted.get("uri") or wanted.get("callbackUrl") or self.uri)
        self.format = str(wanted.get("format") or self.format)
        self.filter = _text(wanted.get("filter", self.filter))
        self.name = _text(wanted.get("name", self.name))
        self.include_fields = _texts(wanted.get("includeFields", self.include_fields))
        self.metafield_namespaces = _texts(wanted.get("metafieldNamespaces", self.metafield_namespaces))
        self.updated_at = now


def refusal(
    wanted: Mapping[str, object], topic: str, others: Iterable[Subscription], scopes: frozenset[str]
) -> dict[str, object] | None:
    """The userError that a subscription meets, if it meets one."""
    needed = next((scopes for start, scopes in SCOPES.items() if topic.startswith(start)), None)
    uri = str(wanted.get("uri") or wanted.get("callbackUrl") or "")
    where = ["webhookSubscription", "uri" if "uri" in wanted else "callbackUrl"]
    if needed and not scopes & set(needed):
        said = (
            f"You do not have permission to create or update webhooks with {topic.lower().replace('_', '/', 1)} topic."
        )
        return {"field": ["topic"], "message": f"{said} It needs the access scope {' or '.join(needed)}."}
    if not _may_receive(uri):
        return {
            "field": where,
            "message": "Address protocol http:// is not supported" if "://" in uri else "Address is invalid",
        }
    if any(other.topic == topic and other.uri == uri for other in others):
        return {"field": where, "message": TAKEN}
    return None


def _may_receive(uri: str) -> bool:
    """HTTPS; and plain HTTP on this very machine, which the real Shopify could not reach."""
    parts = urlsplit(uri)
    if ELSEWHERE.fullmatch(uri):
        return True
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
