"""Puts a catalogue together: hands out the numbers, fills in what every shop has."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from local.sandbox.catalog import Catalog, Collection, Image, Location, Media, Metafield, Product, Variant
from local.sandbox.discounts import Samples, sample_discounts
from local.sandbox.numbers import Numbers

CREATED = "2026-02-03T09:15:00Z"
UPDATED = "2026-11-20T16:45:30Z"
DEFAULT = ("Default Title",)


class Builder:
    """Everything for one shop; what is added first gets the lower id."""

    def __init__(self, shop: str, currency: str = "EUR") -> None:
        self.shop = shop
        self.currency = currency
        self.numbers = Numbers(shop)
        self.shop_number = self.numbers()
        self.locations: list[Location] = []
        self.products: list[Product] = []
        self.collections: list[Collection] = []

    def location(self, name: str) -> Location:
        self.locations.append(Location(self.numbers(), name))
        return self.locations[-1]

    def product(self, handle: str, title: str, *, created: str = CREATED, updated: str = UPDATED) -> Product:
        self.products.append(Product(self.numbers(), handle, title, created, updated))
        return self.products[-1]

    def variant(self, product: Product, values: tuple[str, ...], price: str, stock: Mapping[int, int]) -> Variant:
        product.add(Variant(self.numbers(), product, values, price, dict(stock)))
        return product.variants[-1]

    def image(self, product: Product, url: str, alt: str | None = None, size: tuple[int, int] | None = None) -> Media:
        width, height = size or (None, None)
        product.media.append(Media("MediaImage", self.numbers(), alt, Image(url, width, height, alt)))
        return product.media[-1]

    def metafield(self, name: str, kind: str, value: str) -> Metafield:
        namespace, _, key = name.rpartition(".")
        return Metafield(self.numbers(), namespace, key, kind, value)

    def collection(self, title: str, products: Iterable[Product], *, smart: bool = True) -> Collection:
        handle = slug(title)
        self.collections.append(Collection(self.numbers(), handle, title, UPDATED, list(products), smart=smart))
        return self.collections[-1]

    def finish(self, shop_name: str, description: str, metafields: tuple[Metafield, ...] = ()) -> Catalog:
        discounts = sample_discounts(Samples(self.numbers, self.currency, self.products, self.collections))
        return Catalog(
            shop_number=self.shop_number,
            shop_name=shop_name,
            description=description,
            currency=self.currency,
            created_at=CREATED,
            locations=self.locations,
            products=self.products,
            collections=self.collections,
            discounts=discounts,
            metafields=metafields,
        )


def slug(text: str) -> str:
    """A handle: `Kaffee & Tee` becomes `kaffee-tee`."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def title_of(shop: str) -> str:
    """`acme-coffee.myshopify.com` is called Acme Coffee."""
    return shop.partition(".")[0].replace("-", " ").title()


def attach(variant: Variant, media: Media) -> None:
    variant.media = (*variant.media, media)
