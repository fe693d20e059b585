"""Catalogues of any size, the same at every run."""

from itertools import product as combinations
from random import Random

from local.sandbox.builder import CREATED, DEFAULT, Builder, slug, title_of
from local.sandbox.catalog import Catalog, Product

COLOURS = ("Black", "White", "Navy", "Olive", "Terracotta", "Türkis", "Sand", "Graphite")
SIZES = ("XS", "S", "M", "L", "XL", "XXL", "One size")
MATERIALS = ("Linen", "Merino", "Canvas", "Cotton", "Hemp", "Oak", "Steel", "Porcelain")
THINGS = ("Shirt", "Apron", "Tote", "Blanket", "Cushion", "Mug", "Lamp", "Notebook", "Scarf", "Basket")
STYLES = ("Everyday", "Nordic", "Classic", "Weekend", "Harbour", "Garden", "Studio", "Café")
VENDORS = ("Hafen & Co.", "Northfold", "Atelier Süd", "Plain Goods", "Maison Éclair")
BIG, BIG_FROM = 2048, 1000
"""The most variants a product may have; one has as many when there are at least so many products."""
FILES = "https://cdn.shopify.com/s/files/1/0000/0002/files"


def generated(shop: str, size: int) -> Catalog:
    """A catalogue with so many products, a collection of them all, and one for each kind of thing."""
    builder = Builder(shop, "USD")
    for name in ("Main warehouse", "Shop downtown"):
        builder.location(name)
    for index in range(size):
        _add_product(builder, index, Random(index), big=size >= BIG_FROM and index == BIG_FROM // 2)
    builder.collection("All products", builder.products)
    for thing in THINGS:
        builder.collection(f"{thing}s", (product for product in builder.products if product.product_type == thing))
    return builder.finish(title_of(shop), f"{size} products, generated")


def _add_product(builder: Builder, index: int, dice: Random, *, big: bool) -> None:
    style, material, thing = dice.choice(STYLES), dice.choice(MATERIALS), dice.choice(THINGS)
    title = f"{style} {material} {thing} No. {index + 1}"
    product = builder.product(
        slug(title), title, updated=f"2026-{dice.randint(3, 10):02}-{dice.randint(1, 28):02}T12:00:00Z"
    )
    product.description_html = f"<p>A {thing.lower()} of <em>{material.lower()}</em> in our {style} style.</p>"
    product.vendor, product.product_type = dice.choice(VENDORS), thing
    product.tags = tuple(sorted({material, style, f"drop {dice.randint(1, 12)}"}))
    product.status = dice.choices(("ACTIVE", "DRAFT", "ARCHIVED", "UNLISTED"), (92, 4, 3, 1))[0]
    product.published_at = CREATED if product.status in {"ACTIVE", "UNLISTED"} else None
    for picture in range(dice.randint(1, 3)):
        builder.image(product, f"{FILES}/{product.handle}-{picture}.jpg", f"{title}, view {picture + 1}", (1200, 1200))
    if dice.random() < 0.5:
        product.metafields = (builder.metafield("custom.material", "single_line_text_field", material),)
    _add_variants(builder, product, dice, big=big)


def _add_variants(builder: Builder, product: Product, dice: Random, *, big: bool) -> None:
    options = _big_options() if big else _options(dice)
    product.option_names = tuple(options)
    price = dice.randint(900, 19_900)
    reduced = dice.random() < 0.2
    for values in combinations(*options.values()):
        stock = {location.number: max(0, dice.randint(-5, 40)) for location in builder.locations}
        variant = builder.variant(product, values, f"{price / 100:.2f}", stock)
        variant.sku = f"SKU-{variant.number % 1_000_000_000}"
        variant.compare_at_price = f"{price * 1.25 / 100:.2f}" if reduced else None
        variant.weight = float(dice.randint(1, 20) * 50)


def _options(dice: Random) -> dict[str, tuple[str, ...]]:
    """One to six variants."""
    shape = dice.choice(("plain", "sizes", "colours", "both"))
    if shape == "plain":
        return {"Title": DEFAULT}
    if shape == "sizes":
        return {"Size": SIZES[: dice.randint(1, 6)]}
    if shape == "colours":
        return {"Color": tuple(dice.sample(COLOURS, dice.randint(1, 6)))}
    return {"Color": tuple(dice.sample(COLOURS, 2)), "Size": SIZES[1 : dice.randint(2, 4)]}


def _big_options() -> dict[str, tuple[str, ...]]:
    """16 x 16 x 8 = 2,048."""
    width, height = (tuple(f"{10 * step} cm" for step in range(1, 17)) for _ in range(2))
    return {"Width": width, "Height": height, "Color": COLOURS}
