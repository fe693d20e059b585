"""Products, their variants, media and metafields."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from local.sandbox.catalog import Image, Media, Metafield, Product, Variant, plain_text
from local.sandbox.connections import Order, Page
from local.sandbox.numbers import gid
from local.sandbox.resolvers.registry import Info, connection, count, resolves

POSITION: Order[Variant] = Order("POSITION")
MEDIA_POSITION: Order[Media] = Order("POSITION")
METAFIELDS: Order[Metafield] = Order("ID", lambda metafield: metafield.number)


class _HasMetafields(Protocol):
    metafields: Sequence[Metafield]


@resolves("Product.description", "Collection.description")
def description(source: Product, _info: Info, truncateAt: int | None = None) -> str:  # noqa: N803
    return plain_text(source.description_html)[:truncateAt]


@resolves("Product.variants")
def variants(product: Product, info: Info, **arguments: object) -> Page[Variant]:
    return connection(product.variants, info, arguments, POSITION)


@resolves("Product.media", "ProductVariant.media")
def media(source: Product | Variant, info: Info, **arguments: object) -> Page[Media]:
    return connection(source.media, info, arguments, MEDIA_POSITION)


@resolves(*(f"{kind}.metafields" for kind in ("Product", "ProductVariant", "Collection", "DiscountNode")))
def metafields(source: _HasMetafields, info: Info, **arguments: object) -> Page[Metafield]:
    return metafield_page(source.metafields, info, arguments)


def metafield_page(found: Sequence[Metafield], info: Info, arguments: Mapping[str, object]) -> Page[Metafield]:
    namespace, keys = arguments.get("namespace"), arguments.get("keys")
    if namespace is not None:
        found = [metafield for metafield in found if metafield.namespace == namespace]
    if isinstance(keys, list):
        found = [metafield for metafield in found if f"{metafield.namespace}.{metafield.key}" in keys]
    return connection(found, info, arguments, METAFIELDS)


@resolves("Product.metafield")
def metafield(product: Product, _info: Info, key: str, namespace: str | None = None) -> Metafield | None:
    wanted = f"{namespace}.{key}" if namespace else key
    return next((one for one in product.metafields if f"{one.namespace}.{one.key}" == wanted), None)


@resolves("Product.variantsCount")
def variants_count(product: Product, _info: Info) -> dict[str, object]:
    return count(len(product.variants))


@resolves("Product.options")
def options(product: Product, _info: Info, first: int | None = None) -> list[dict[str, object]]:
    """Options have no records of their own: their ids follow from the product's."""
    found = []
    for place, name in enumerate(product.option_names):
        values = list(dict.fromkeys(variant.values[place] for variant in product.variants))
        numbered = product.number * 10 + place
        named = [
            {"id": gid("ProductOptionValue", f"{numbered}{at:04}"), "name": value, "hasVariants": True}
            for at, value in enumerate(values)
        ]
        option = {"id": gid("ProductOption", numbered), "name": name, "position": place + 1, "values": values}
        found.append(option | {"optionValues": named, "linkedMetafieldValue": None})
    return found[:first]


@resolves("Product.category")
def category(product: Product, _info: Info) -> dict[str, object] | None:
    if not product.category_name:
        return None
    names = product.category_name.split(" > ")
    code = "-".join(str(len(name)) for name in names)
    known = {"fullName": product.category_name, "name": names[-1], "level": len(names), "isRoot": len(names) == 1}
    return known | {"id": gid("TaxonomyCategory", code), "isArchived": False, "isLeaf": True}


@resolves("Product.priceRangeV2", "Product.priceRange")
def price_range(product: Product, info: Info) -> dict[str, object]:
    lowest, highest = product.prices
    return {"minVariantPrice": _money(lowest, info), "maxVariantPrice": _money(highest, info)}


@resolves("Product.compareAtPriceRange")
def compare_at_price_range(product: Product, info: Info) -> dict[str, object] | None:
    if product.compare_at_prices is None:
        return None
    lowest, highest = (_money(price, info) for price in product.compare_at_prices)
    return {"minVariantCompareAtPrice": lowest, "maxVariantCompareAtPrice": highest}


@resolves("Product.onlineStoreUrl")
def online_store_url(product: Product, info: Info) -> str | None:
    return f"https://{info.context.shop.name}/products/{product.handle}" if product.published_at else None


@resolves("Image.url")
def image_url(image: Image, _info: Info, **_: object) -> str:
    return image.url


def _money(amount: str, info: Info) -> dict[str, object]:
    return {"amount": amount, "currencyCode": info.context.catalog.currency}
