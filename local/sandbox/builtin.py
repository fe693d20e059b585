"""The coffee roastery of `data/coffee.yaml`: small, with one of everything that a reader of shops must cope with."""

from collections.abc import Iterator
from functools import cache
from itertools import product as combinations
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from local.sandbox.builder import CREATED, DEFAULT, Builder, attach, slug
from local.sandbox.catalog import Catalog, Image, Media, Product, Variant

DATA = Path(__file__).parent / "data" / "coffee.yaml"
FILES = "https://cdn.shopify.com/s/files/1/0000/0001/files"
Fields = list[tuple[str, str, str]]
"""Metafields: name, type, value."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str


class _Product(_Entry):
    html: str
    vendor: str
    type: str
    tags: list[str]
    prices: dict[str, str]
    stock: list[int | None]
    options: dict[str, list[str]] = {"Title": ["Default Title"]}
    category: str | None = None
    status: str = "ACTIVE"
    compare: dict[str, str] = {}
    grams: dict[str, int] = {}
    policy: str = "DENY"
    tracked: bool = True
    shipping: bool = True
    taxable: bool = True
    gift_card: bool = False
    seo: tuple[str | None, str | None] = (None, None)
    images: list[str] = []
    video: str | None = None
    external: str | None = None
    model: str | None = None
    metafields: Fields = []


class _Collection(_Entry):
    smart: bool
    type: str | None = None
    tag: str | None = None
    sale: bool = False
    titles: list[str] = []
    image: str | None = None

    def holds(self, product: Product) -> bool:
        on_sale = self.sale and product.compare_at_prices is not None
        typed, tagged = product.product_type == self.type, self.tag in product.tags
        return typed or tagged or on_sale or product.title in self.titles


class _Shop(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    description: str
    locations: list[str]
    metafields: Fields
    products: list[_Product]
    collections: list[_Collection]


@cache
def _data() -> _Shop:
    return _Shop.model_validate(yaml.safe_load(DATA.read_text("utf-8")))


def coffee(shop: str) -> Catalog:
    """The roastery's catalogue under one shop's name."""
    data, builder = _data(), Builder(shop)
    for name in data.locations:
        builder.location(name)
    for entry in data.products:
        _add_product(builder, entry)
    for group in data.collections:
        found = [product for product in builder.products if group.holds(product)]
        collection = builder.collection(group.title, found, smart=group.smart)
        collection.description_html = f"<p>{group.title}</p>"
        collection.metafields = (builder.metafield("custom.season", "single_line_text_field", "Herbst"),)
        if group.image:
            collection.image = Image(f"{FILES}/{collection.handle}.jpg", 1200, 800, group.image)
    own = tuple(builder.metafield(*fact) for fact in data.metafields)
    return builder.finish(data.name, data.description, own)


def _add_product(builder: Builder, entry: _Product) -> None:
    product = builder.product(slug(entry.title), entry.title)
    product.description_html, product.vendor, product.product_type = entry.html, entry.vendor, entry.type
    product.category_name, product.status, product.tags = entry.category, entry.status, tuple(entry.tags)
    product.is_gift_card, product.option_names = entry.gift_card, tuple(entry.options)
    product.published_at = CREATED if entry.status in {"ACTIVE", "UNLISTED"} else None
    product.seo_title, product.seo_description = entry.seo
    product.media = list(_media(builder, entry, product.handle))
    product.metafields = tuple(builder.metafield(*fact) for fact in entry.metafields)
    for values in combinations(*entry.options.values()):
        _dress(_add_variant(builder, product, entry, values), entry)
    for variant, media in zip(product.variants, product.media[1:], strict=False):
        attach(variant, media)


def _add_variant(builder: Builder, product: Product, entry: _Product, values: tuple[str, ...]) -> Variant:
    places = zip(builder.locations, entry.stock, strict=True)
    stock = {place.number: pieces for place, pieces in places if pieces is not None}
    variant = builder.variant(product, values, entry.prices[_priced(entry, values)], stock)
    variant.sku = "-".join(slug(part).upper() for part in (product.handle, *values) if part not in DEFAULT)
    variant.barcode = f"40{variant.number % 10**11:011}"
    if entry.grams:
        variant.metafields = (builder.metafield("custom.batch", "single_line_text_field", f"L-{variant.position}"),)
    return variant


def _dress(variant: Variant, entry: _Product) -> None:
    priced = _priced(entry, variant.values)
    variant.compare_at_price = entry.compare.get(priced)
    variant.weight = float(entry.grams.get(priced, 0))
    variant.tracked, variant.inventory_policy = entry.tracked, entry.policy
    variant.requires_shipping, variant.taxable = entry.shipping, entry.taxable


def _priced(entry: _Product, values: tuple[str, ...]) -> str:
    """The option value that decides the price."""
    return next(value for value in values if value in entry.prices)


def _media(builder: Builder, entry: _Product, handle: str) -> Iterator[Media]:
    for index, alt in enumerate(entry.images, 1):
        image = Image(f"{FILES}/{handle}-{index}.jpg?v=1767000000", 1600, 1200, alt)
        yield Media("MediaImage", builder.numbers(), alt, image)
    preview = Image(f"{FILES}/{handle}-preview.jpg", 640, 360)
    if entry.video:
        film = {"url": f"{entry.video}.mp4", "mimeType": "video/mp4", "format": "mp4", "width": 1280, "height": 720}
        yield Media("Video", builder.numbers(), "In use", preview, [film | {"fileSize": 4_200_000}])
    if entry.external:
        embed = entry.external.replace("watch?v=", "embed/")
        yield Media("ExternalVideo", builder.numbers(), None, preview, (), embed, entry.external)
    if entry.model:
        model = {"url": f"{entry.model}.glb", "mimeType": "model/gltf-binary", "format": "glb", "filesize": 900_000}
        yield Media("Model3d", builder.numbers(), "To turn around", preview, [model])
