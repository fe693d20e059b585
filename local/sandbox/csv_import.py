"""A shop from Shopify's own product export, the older (`Handle,Title,Body (HTML),...`) or the newer column names.

A product is all rows of one handle: its first row describes it, each row with a price is a variant, each row with an
image adds that image. Exports know neither locations nor collections nor discounts, so the shop gets one location, a
collection for each product type and the sample discounts.
"""

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from local.sandbox.builder import CREATED, DEFAULT, Builder, attach, slug, title_of
from local.sandbox.catalog import Catalog, Media, Metafield, Product, Variant
from local.sandbox.csv_columns import METAFIELD, CatalogError, Row, read_rows

GRAMS = {"g": 1.0, "kg": 1000.0, "lb": 453.59237, "oz": 28.349523125}
UNITS = {"g": "GRAMS", "kg": "KILOGRAMS", "lb": "POUNDS", "oz": "OUNCES"}
STATUSES = ("ACTIVE", "ARCHIVED", "DRAFT", "UNLISTED")
OPTIONS = (1, 2, 3)


def imported(shop: str, path: Path) -> Catalog:
    """The export's catalogue under one shop's name."""
    products: dict[str, list[Row]] = {}
    for row in read_rows(path):
        if not row.text("handle"):
            raise row.wrong("handle", "the name of a product")
        products.setdefault(row.text("handle"), []).append(row)
    if not products:
        raise CatalogError(f"{path.name}: no product in it")
    builder = Builder(shop, "USD")
    builder.location("Shop location")
    for handle, rows in products.items():
        _add_product(builder, handle, rows)
    _add_collections(builder)
    return builder.finish(title_of(shop), f"Imported from {path.name}")


def _add_product(builder: Builder, handle: str, rows: list[Row]) -> None:
    first = rows[0]
    if not first.text("title"):
        raise first.wrong("title", f"a title, which the first row of {handle!r} needs")
    product = builder.product(handle, first.text("title"))
    product.option_names = tuple(filter(None, (first.text(f"option{n} name") for n in OPTIONS))) or ("Title",)
    _describe(product, first)
    product.metafields = tuple(_metafields(builder, first))
    images = _add_images(builder, product, rows)
    for row in rows:
        if price := row.price("variant price"):
            _add_variant(builder, product, row, price, images)
    if not product.variants:
        raise first.wrong("variant price", f"a price, and no other row of {handle!r} has one")


def _describe(product: Product, row: Row) -> None:
    product.description_html = row.text("body (html)")
    product.vendor, product.product_type = row.text("vendor"), row.text("type")
    product.category_name = row.text("product category") or None
    product.tags = tuple(sorted({tag.strip() for tag in row.text("tags").split(",")} - {""}))
    product.status = row.text("status").upper() or "ACTIVE"
    if product.status not in STATUSES:
        raise row.wrong("status", f"one of {', '.join(STATUSES).lower()}")
    shown = row.flag("published", default=True) and product.status in {"ACTIVE", "UNLISTED"}
    product.published_at = CREATED if shown else None
    product.is_gift_card = row.flag("gift card", default=False)
    product.seo_title = row.text("seo title") or None
    product.seo_description = row.text("seo description") or None


def _metafields(builder: Builder, row: Row) -> Iterable[Metafield]:
    for column, value in row.cells.items():
        if value and (match := METAFIELD.search(column)):
            yield builder.metafield(".".join(match.groups()), "single_line_text_field", value)


def _add_images(builder: Builder, product: Product, rows: list[Row]) -> dict[str, Media]:
    """Each address once, in the order of the file; a variant's own image is one of the product's."""
    images: dict[str, Media] = {}
    for row in rows:
        for address, alt in ((row.text("image src"), row.text("image alt text")), (row.text("variant image"), "")):
            if address and address not in images:
                images[address] = builder.image(product, address, alt or None)
    return images


def _add_variant(builder: Builder, product: Product, row: Row, price: str, images: dict[str, Media]) -> None:
    values = tuple(row.text(f"option{n} value") for n in OPTIONS[: len(product.option_names)])
    if not all(values) and values != ("",):
        raise row.wrong(f"option{values.index('') + 1} value", f"a value for {product.option_names[values.index('')]}")
    stock = {builder.locations[0].number: row.whole("variant inventory qty")}
    variant = builder.variant(product, values if all(values) else DEFAULT, price, stock)
    variant.sku, variant.barcode = row.unquoted("variant sku"), row.unquoted("variant barcode")
    variant.compare_at_price = row.price("variant compare at price")
    variant.tracked = bool(row.text("variant inventory tracker"))
    variant.inventory_policy = "CONTINUE" if row.flag("variant inventory policy", default=False) else "DENY"
    variant.requires_shipping = row.flag("variant requires shipping", default=True)
    variant.taxable = row.flag("variant taxable", default=True)
    _weigh(variant, row)
    if address := row.text("variant image"):
        attach(variant, images[address])


def _weigh(variant: Variant, row: Row) -> None:
    unit = row.text("variant weight unit").lower() or "g"
    if unit not in GRAMS:
        raise row.wrong("variant weight unit", f"one of {', '.join(GRAMS)}")
    variant.weight = round(row.whole("variant grams") / GRAMS[unit], 4)
    variant.weight_unit = UNITS[unit]


def _add_collections(builder: Builder) -> None:
    builder.collection("All products", builder.products)
    typed = sorted((p for p in builder.products if slug(p.product_type)), key=lambda p: slug(p.product_type))
    for _, products in groupby(typed, key=lambda product: slug(product.product_type)):
        members = sorted(products, key=lambda product: product.number)
        builder.collection(members[0].product_type, members)
