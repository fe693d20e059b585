"""A shop's whole data: every product, discount and collection, and every list inside them, to its end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from stockroom.errors import ProviderBusy
from stockroom.shopify.admin import Admin, next_cursor

Node = dict[str, Any]

_FIRST = 50
_NESTED = 10
_DEEP = 2
"""How much of each list a page shows at first: of a list in an object, and of one in an object in that."""

_ITEMS = 100
"""How much of a list of mere ids or codes."""

_LEVELS = 20
"""Most locations whose stock a page shows at once for each variant."""

_LARGEST = 250
"""Objects in a page when one list alone is asked for."""

_OFTEN = 4
"""One object in so many whose list goes on is often enough to show more of that list from then on."""


@dataclass(frozen=True, slots=True)
class Nested:
    """A list inside an object, and the operation that reads its further pages.

    `owner` is the path from the object to the thing whose id the operation takes, `path` the one from there to the
    list; the operation's answer has the list at the same `path` below its `owner` field. `size` is the variable that
    says how much of the list is shown before that.
    """

    path: tuple[str, ...]
    operation: str
    owner: tuple[str, ...] = ()
    size: str = "nested"
    variables: Mapping[str, Any] = field(default_factory=dict)
    inside: tuple["Nested", ...] = ()


_METAFIELDS = Nested(("metafields",), "Metafields")
_VARIANT = (
    Nested(("inventoryLevels",), "InventoryLevels", owner=("inventoryItem",), size="levels"),
    Nested(("media",), "VariantMedia", size="deep"),
    Nested(("metafields",), "Metafields", size="deep"),
)
_SHOP = (_METAFIELDS,)
_PRODUCT = (Nested(("variants",), "ProductVariants", inside=_VARIANT), Nested(("media",), "ProductMedia"), _METAFIELDS)
_COLLECTION = (Nested(("products",), "CollectionProducts", size="items"), _METAFIELDS)
_DISCOUNT = (
    Nested(("discount", "codes"), "DiscountCodes", size="items"),
    *(
        Nested(
            ("discount", f"customer{side}", "items", items),
            operation,
            size="items",
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
    counts = admin.run("Counts")
    catalog.expected = _expected(counts)
    reader = Reader(admin, counts["locationsCount"]["count"])
    catalog.shop = reader.completed(admin.run("Shop", nested=_LARGEST)["shop"], _SHOP)
    for node in reader.all("Discounts", _DISCOUNT, "items"):
        is_code = node["discount"]["__typename"].startswith("DiscountCode")
        (catalog.code_discounts if is_code else catalog.automatic_discounts).append(node)
    catalog.collections.extend(reader.all("Collections", _COLLECTION, "nested", "items"))
    for node in reader.all("Products", _PRODUCT, "nested", "deep", "levels"):
        catalog.products.append(node)


def doubt(admin: Admin, catalog: Catalog) -> str | None:
    """Why the catalog may not be complete, or None. A shop may change while it is read, so both counts may be right."""
    found = catalog.counts
    if found == catalog.expected or found == (after := _expected(admin.run("Counts"))):
        return None
    names = [name for name, number in found.items() if number != after[name]]
    return "; ".join(f"{found[name]} {name} were read, Shopify counts {after[name]}" for name in names)


class Reader:
    """Reads objects with every list inside them, and learns how much of each list is worth showing at first."""

    def __init__(self, admin: Admin, locations: int) -> None:
        self._admin = admin
        self._sizes = {"nested": _NESTED, "items": _ITEMS, "deep": _DEEP, "levels": max(1, min(locations, _LEVELS))}

    def all(self, operation: str, lists: tuple[Nested, ...], *sizes: str) -> Iterator[Node]:
        """Every object of an operation, whole."""
        asked = {"first": _FIRST, **{name: self._sizes[name] for name in sizes}}
        for nodes in self._admin.pages(operation, asked):
            extra: Counter[str] = Counter()
            for node in nodes:
                extra += self._complete(node, lists)
                yield node
            for name in sizes:
                if extra[name] * _OFTEN > len(nodes):
                    asked[name] = self._sizes[name] = min(2 * asked[name], _LARGEST)

    def completed(self, node: Node, lists: tuple[Nested, ...]) -> Node:
        """One object, whole."""
        self._complete(node, lists)
        return node

    def _complete(self, node: Node, lists: tuple[Nested, ...]) -> Counter[str]:
        """Follow every list to its end, and take away what only served to get there; how often that took more calls."""
        extra: Counter[str] = Counter()
        for nested in lists:
            owner = _at(node, nested.owner)
            connection = _at(owner, nested.path)
            if owner is None or connection is None:
                continue
            cursor = next_cursor(connection.pop("pageInfo"), None)
            if cursor is not None:
                extra[nested.size] += 1
                for nodes in self._rest(nested, owner["id"], cursor):
                    connection["nodes"].extend(nodes)
            for inner in connection["nodes"] if nested.inside else ():
                extra += self._complete(inner, nested.inside)
        return extra

    def _rest(self, nested: Nested, owner: str, cursor: str) -> Iterator[list[Node]]:
        """The pages of a list from `cursor` on."""

        def find(data: Node) -> Node:
            connection = _at(data["owner"], nested.path)
            if connection is None:
                raise ProviderBusy("Something was deleted from the shop while it was read; try again.", wait=1)
            return connection

        sizes = {"first": _LARGEST, **{inner.size: self._sizes[inner.size] for inner in nested.inside}}
        return self._admin.pages(nested.operation, sizes, after=cursor, find=find, id=owner, **nested.variables)


def _expected(counts: Mapping[str, Any]) -> dict[str, int]:
    """How many of each Shopify says there are."""
    return {
        "products": counts["productsCount"]["count"],
        "variants": counts["productVariantsCount"]["count"],
        "codeDiscounts": counts["codeDiscountNodesCount"]["count"],
        "automaticDiscounts": counts["automaticDiscountNodesCount"]["count"],
        "collections": counts["collectionsCount"]["count"],
    }


def _at(node: Node | None, path: tuple[str, ...]) -> Node | None:
    for name in path:
        node = node.get(name) if node else None
    return node
