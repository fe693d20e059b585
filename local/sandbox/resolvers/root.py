"""The lists, single records and counts that a query starts from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from graphql import GraphQLError

from local.sandbox.catalog import Catalog, Collection, Discount, Location, Product, Record, Variant
from local.sandbox.connections import Order, Page, SortValue
from local.sandbox.numbers import ITEM_OFFSET, gid, number_of
from local.sandbox.resolvers.inventory import Item
from local.sandbox.resolvers.registry import RESOLVERS, Info, connection, count, demand, guarded, resolves
from local.sandbox.search import Readers, matching

R = TypeVar("R", Product, Variant, Collection, Discount, Location)

# The records that may be asked for by their id -> the scope that shows them.
SCOPES = {
    "Product": "read_products",
    "ProductVariant": "read_products",
    "Collection": "read_products",
    "DiscountNode": "read_discounts",
    "InventoryItem": "read_inventory",
    "Location": "read_locations",
    "MediaImage": "read_products",
    "Video": "read_products",
    "ExternalVideo": "read_products",
    "Model3d": "read_products",
}


@dataclass(frozen=True)
class Listing(Generic[R]):
    """All records of one kind: how they may be sorted and searched."""

    read: Callable[[Catalog], Sequence[R]]
    readers: Readers[R]
    sorts: tuple[str, ...] = ("ID",)

    def found(self, info: Info, query: object) -> Sequence[R]:
        items = self.read(info.context.catalog)
        return matching(items, str(query), self.readers) if query else items

    def list(self, _root: object, info: Info, **arguments: object) -> Page[R]:
        sort = str(arguments.get("sortKey", "ID"))
        items = self.found(info, arguments.get("query"))
        if sort == "ID":
            return connection(items, info, arguments, Order("ID", lambda item: item.number))
        if sort not in self.sorts:
            raise GraphQLError(f"The sandbox sorts {info.field_name} by {', '.join(self.sorts)} only, not by {sort}.")
        read = self.readers[sort.lower()]
        listed = sorted(items, key=lambda item: (read(item), item.number))
        return connection(listed, info, arguments, Order(sort, read))

    def count(self, _root: object, info: Info, **arguments: object) -> dict[str, object]:
        return count(len(self.found(info, arguments.get("query"))), arguments.get("limit"))


def _number(record: Record) -> SortValue:
    return record.number


PRODUCTS: Listing[Product] = Listing(
    lambda catalog: catalog.products,
    {
        "id": _number,
        "status": lambda product: product.status,
        "handle": lambda product: product.handle,
        "title": lambda product: product.title,
        "vendor": lambda product: product.vendor,
        "product_type": lambda product: product.product_type,
        "updated_at": lambda product: product.updated_at,
        "created_at": lambda product: product.created_at,
    },
    ("ID", "TITLE", "VENDOR", "PRODUCT_TYPE", "UPDATED_AT", "CREATED_AT"),
)
VARIANTS: Listing[Variant] = Listing(
    lambda catalog: catalog.variants,
    {
        "id": _number,
        "product_id": lambda variant: variant.product.number,
        "sku": lambda variant: variant.sku or "",
        "updated_at": lambda variant: variant.updated_at,
    },
    ("ID", "SKU"),
)
COLLECTIONS: Listing[Collection] = Listing(
    lambda catalog: catalog.collections,
    {
        "id": _number,
        "title": lambda collection: collection.title,
        "handle": lambda collection: collection.handle,
        "updated_at": lambda collection: collection.updated_at,
    },
    ("ID", "TITLE", "UPDATED_AT"),
)
DISCOUNTS: Listing[Discount] = Listing(
    lambda catalog: catalog.discounts,
    {
        "id": _number,
        "method": lambda discount: discount.method,
        "status": lambda discount: discount.status,
        "title": lambda discount: discount.title,
        "updated_at": lambda discount: discount.updated_at,
    },
    ("ID", "TITLE", "UPDATED_AT"),
)
LOCATIONS: Listing[Location] = Listing(
    lambda catalog: catalog.locations, {"id": _number, "name": lambda location: location.name}, ("ID", "NAME")
)
CODE_DISCOUNTS: Listing[Discount] = Listing(lambda catalog: _of_method(catalog, "code"), DISCOUNTS.readers)
AUTOMATIC_DISCOUNTS: Listing[Discount] = Listing(lambda catalog: _of_method(catalog, "automatic"), DISCOUNTS.readers)


def _of_method(catalog: Catalog, method: str) -> list[Discount]:
    return [discount for discount in catalog.discounts if discount.method == method]


def _one(*kinds: str) -> Callable[..., object]:
    def resolve(_root: object, info: Info, id: str) -> object:  # noqa: A002 - the schema's name
        found = _find(info.context.catalog, id)
        return found if found is not None and found.kind in kinds else None

    return resolve


@resolves("QueryRoot.node")
def node(_root: object, info: Info, id: str) -> Record | Item | dict[str, object] | None:  # noqa: A002
    catalog = info.context.catalog
    if id == gid("Shop", catalog.shop_number):
        shop: dict[str, object] = RESOLVERS["QueryRoot", "shop"](None, info)  # type: ignore[assignment]
        return shop
    found = _find(catalog, id)
    if found is not None:
        demand(SCOPES[found.kind], info)
    return found


@resolves("QueryRoot.nodes")
def nodes(_root: object, info: Info, ids: list[str]) -> list[object]:
    return [node(None, info, id=one) for one in ids]


@resolves("QueryRoot.inventoryItems", scope="read_inventory")
def inventory_items(_root: object, info: Info, **arguments: object) -> Page[Item]:
    items = [Item(variant) for variant in VARIANTS.found(info, arguments.get("query"))]
    return connection(items, info, arguments, Order("ID", lambda item: item.number))


def _find(catalog: Catalog, global_id: str) -> Record | Item | None:
    if number := number_of(global_id, "InventoryItem"):
        variant = catalog.by_id.get(gid("ProductVariant", number - ITEM_OFFSET))
        return Item(variant) if isinstance(variant, Variant) else None
    for older in ("DiscountCodeNode", "DiscountAutomaticNode"):
        global_id = global_id.replace(older, "DiscountNode")
    return catalog.by_id.get(global_id)


def _register(scope: str, **fields: Callable[..., object]) -> None:
    for name, resolver in fields.items():
        RESOLVERS["QueryRoot", name] = guarded(resolver, scope)


_register(
    "read_products",
    products=PRODUCTS.list,
    productsCount=PRODUCTS.count,
    product=_one("Product"),
    productVariants=VARIANTS.list,
    productVariantsCount=VARIANTS.count,
    productVariant=_one("ProductVariant"),
    collections=COLLECTIONS.list,
    collectionsCount=COLLECTIONS.count,
    collection=_one("Collection"),
)
_register(
    "read_discounts",
    discountNodes=DISCOUNTS.list,
    discountNodesCount=DISCOUNTS.count,
    discountNode=_one("DiscountNode"),
    codeDiscountNodes=CODE_DISCOUNTS.list,
    codeDiscountNode=_one("DiscountNode"),
    automaticDiscountNodes=AUTOMATIC_DISCOUNTS.list,
    automaticDiscountNode=_one("DiscountNode"),
)
_register("read_inventory", inventoryItem=_one("InventoryItem"))
_register("read_locations", locations=LOCATIONS.list, locationsCount=LOCATIONS.count)
