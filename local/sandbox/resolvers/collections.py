"""Collections and the products in them."""

from graphql import GraphQLError

from local.sandbox.catalog import Collection, Image, Product
from local.sandbox.connections import Order, Page
from local.sandbox.resolvers.registry import Info, connection, count, resolves

BY_ID: Order[Collection] = Order("ID", lambda collection: collection.number)
PRODUCTS: dict[str, Order[Product]] = {
    "COLLECTION_DEFAULT": Order("COLLECTION_DEFAULT"),
    "MANUAL": Order("MANUAL"),
    "ID": Order("ID", lambda product: product.number),
}


@resolves("Collection.products")
def products(collection: Collection, info: Info, sortKey: str, **arguments: object) -> Page[Product]:  # noqa: N803
    if sortKey not in PRODUCTS:
        raise GraphQLError(f"The sandbox sorts a collection's products by {', '.join(PRODUCTS)} only.")
    found = collection.products if sortKey != "ID" else sorted(collection.products, key=lambda one: one.number)
    return connection(found, info, arguments, PRODUCTS[sortKey])


@resolves("Collection.productsCount")
def products_count(collection: Collection, _info: Info) -> dict[str, object]:
    return count(len(collection.products))


@resolves("Collection.image")
def image(collection: Collection, _info: Info, **_: object) -> Image | None:
    return collection.image


@resolves("Collection.hasProduct")
def has_product(collection: Collection, _info: Info, id: str) -> bool:  # noqa: A002 - the schema's name
    return any(product.id == id for product in collection.products)


@resolves("Product.collections")
def collections(product: Product, info: Info, **arguments: object) -> Page[Collection]:
    return connection(info.context.catalog.collections_of.get(product.number, []), info, arguments, BY_ID)
