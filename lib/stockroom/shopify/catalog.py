"""A shop's whole data: every product, discount and collection, and every list inside them, to its end."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stockroom.errors import ProviderBusy
from stockroom.shopify.admin import Admin, next_cursor

Node = dict[str, Any]

_PAGE = {"first": 20, "nested": 25, "deep": 5}
_ALONE = {"first": 250}
"""Objects in a page when one list alone is asked for."""


@dataclass(frozen=True, slots=True)
class Nested:
    """A list inside an object, and the operation that reads its further pages.

    `owner` is the path from the object to the thing whose id the operation takes, `path` the one from there to the
    list; the operation's answer has the list at the same `path` below its `owner` field.
    """

    path: tuple[str, ...]
    operation: str
    owner: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=lambda: _ALONE)
    variables: Mapping[str, Any] = field(default_factory=dict)
    inside: tuple["Nested", ...] = ()


_METAFIELDS = Nested(("metafields",), "Metafields")
_VARIANT = (
    Nested(("inventoryLevels",), "InventoryLevels", owner=("inventoryItem",)),
    Nested(("media",), "VariantMedia"),
    _METAFIELDS,
)
_SHOP = (_METAFIELDS,)
_PRODUCT = (
    Nested(("variants",), "ProductVariants", sizes={**_ALONE, "deep": _PAGE["deep"]}, inside=_VARIANT),
    Nested(("media",), "ProductMedia"),
    _METAFIELDS,
)
_COLLECTION = (Nested(("products",), "CollectionProducts"), _METAFIELDS)
_DISCOUNT = (
    Nested(("discount", "codes"), "DiscountCodes"),
    *(
        Nested(
            ("discount", f"customer{side}", "items", items),
            operation,
            variables={"gets": side == "Gets", "buys": side == "Buys"},
        )
        for side in ("Gets", "Buys")
        for items, operation in (
            ("products", "DiscountProducts"),
            ("productVariants", "DiscountVariants"),
            ("collections", "DiscountCollections"),
        )
    ),
)


@dataclass(slots=True)
class Catalog:
    """What has been read so far; `expected` is what Shopify counted before the reading began."""

    shop: Node = field(default_factory=dict)
    products: list[Node] = field(default_factory=list)
    code_discounts: list[Node] = field(default_factory=list)
    automatic_discounts: list[Node] = field(default_factory=list)
    collections: list[Node] = field(default_factory=list)
    expected: dict[str, int] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many of each are here."""
        return {
            "products": len(self.products),
            "variants": sum(len(product["variants"]["nodes"]) for product in self.products),
            "codeDiscounts": len(self.code_discounts),
            "automaticDiscounts": len(self.automatic_discounts),
            "collections": len(self.collections),
        }

    def data(self) -> dict[str, Any]:
        """The snapshot's content, but for `extensions`."""
        return {
            "shop": self.shop,
            "products": {"nodes": self.products},
            "codeDiscountNodes": {"nodes": self.code_discounts},
            "automaticDiscountNodes": {"nodes": self.automatic_discounts},
            "collections": {"nodes": self.collections},
        }


def read(admin: Admin, catalog: Catalog) -> None:
    """Read everything into `catalog`, products last; what is there when an error ends the reading is whole in
    itself.
    """
    catalog.expected = count(admin)
    shop = admin.run("Shop", nested=_ALONE["first"])["shop"]
    complete(admin, shop, _SHOP)
    catalog.shop = shop
    for node in _all(admin, "Discounts", ("first", "nested"), _DISCOUNT):
        is_code = node["discount"]["__typename"].startswith("DiscountCode")
        (catalog.code_discounts if is_code else catalog.automatic_discounts).append(node)
    catalog.collections.extend(_all(admin, "Collections", ("first", "nested"), _COLLECTION))
    for node in _all(admin, "Products", ("first", "nested", "deep"), _PRODUCT):
        catalog.products.append(node)


def count(admin: Admin) -> dict[str, int]:
    """How many of each Shopify says there are."""
    data = admin.run("Counts")
    return {
        "products": data["productsCount"]["count"],
        "variants": data["productVariantsCount"]["count"],
        "codeDiscounts": data["codeDiscountNodesCount"]["count"],
        "automaticDiscounts": data["automaticDiscountNodesCount"]["count"],
        "collections": data["collectionsCount"]["count"],
    }


def doubt(admin: Admin, catalog: Catalog) -> str | None:
    """Why the catalog may not be complete, or None. A shop may change while it is read, so both counts may be right."""
    found = catalog.counts
    if found == catalog.expected or found == (after := count(admin)):
        return None
    names = [name for name, number in found.items() if number != after[name]]
    return "; ".join(f"{found[name]} {name} were read, Shopify counts {after[name]}" for name in names)


def complete(admin: Admin, node: Node, lists: tuple[Nested, ...]) -> None:
    """Follow every list inside a node to its end, and take away what only served to get there."""
    for nested in lists:
        owner = _at(node, nested.owner)
        connection = _at(owner, nested.path)
        if owner is None or connection is None:
            continue
        cursor = next_cursor(connection.pop("pageInfo"), None)
        if cursor is not None:
            for nodes in _rest(admin, nested, owner["id"], cursor):
                connection["nodes"].extend(nodes)
        for inner in connection["nodes"] if nested.inside else ():
            complete(admin, inner, nested.inside)


def _all(admin: Admin, operation: str, sizes: tuple[str, ...], lists: tuple[Nested, ...]) -> Iterator[Node]:
    for nodes in admin.pages(operation, {name: _PAGE[name] for name in sizes}):
        for node in nodes:
            complete(admin, node, lists)
            yield node


def _rest(admin: Admin, nested: Nested, owner: str, cursor: str) -> Iterator[list[Node]]:
    """The pages of a list from `cursor` on."""

    def find(data: Node) -> Node:
        connection = _at(data["owner"], nested.path)
        if connection is None:
            raise ProviderBusy("Something was deleted from the shop while it was read; try again.", wait=1)
        return connection

    return admin.pages(nested.operation, dict(nested.sizes), after=cursor, find=find, id=owner, **nested.variables)


def _at(node: Node | None, path: tuple[str, ...]) -> Node | None:
    for name in path:
        node = node.get(name) if node else None
    return node
