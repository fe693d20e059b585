"""Access scopes: which there are, what they mean to a merchant, which implies which."""

from collections.abc import Iterable

# A part of the shop -> what it is to the person who is asked.
PARTS = {
    "products": "products, variants and collections",
    "inventory": "inventory quantities",
    "locations": "locations",
    "discounts": "discounts and their codes",
    "price_rules": "price rules",
    "orders": "orders",
    "draft_orders": "draft orders",
    "customers": "customers",
    "fulfillments": "fulfillments",
    "shipping": "shipping rates",
    "files": "files",
    "themes": "themes",
    "content": "articles, blogs and comments",
    "online_store_pages": "pages",
    "online_store_navigation": "menus and redirects",
    "legal_policies": "store policies",
    "markets": "markets",
    "metaobjects": "metaobjects",
    "metaobject_definitions": "metaobject definitions",
    "publications": "sales channels and publications",
    "product_listings": "product listings",
    "gift_cards": "gift cards",
    "reports": "reports",
    "translations": "translations",
}


def split(scope: str) -> list[str]:
    """A comma-separated list, each once, in its order."""
    return list(dict.fromkeys(part for part in (piece.strip() for piece in scope.split(",")) if part))


def is_known(scope: str) -> bool:
    access, _, part = scope.partition("_")
    return access in {"read", "write"} and part in PARTS


def in_words(scope: str) -> str:
    """`read_products` is "View products, variants and collections"."""
    access, _, part = scope.partition("_")
    return f"{'View' if access == 'read' else 'View and edit'} {PARTS[part]}"


def granted(scopes: Iterable[str]) -> frozenset[str]:
    """These scopes and all that they imply: whoever may write may read."""
    given = set(scopes)
    return frozenset(given | {f"read_{scope[6:]}" for scope in given if scope.startswith("write_")})


def compressed(scopes: Iterable[str]) -> str:
    """As a token reply lists them: without what another one implies."""
    given = list(scopes)
    return ",".join(scope for scope in given if not (scope[:5] == "read_" and f"write_{scope[5:]}" in given))
