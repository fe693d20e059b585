"""What a shop sells: plain records, named as in Shopify's schema (`compare_at_price` answers `compareAtPrice`).

Records are compact, because a catalogue may hold 50,000 products; whatever follows from them is a property.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from html import unescape
from itertools import chain
from typing import ClassVar

from local.sandbox.numbers import ITEM_OFFSET, gid

Dated = str
"""An instant as Shopify writes it: `2026-11-24T09:30:00Z`."""


class Record:
    """Whatever has a global id."""

    __slots__ = ()
    kind: ClassVar[str]
    number: int

    @property
    def id(self) -> str:
        return gid(self.kind, self.number)

    @property
    def legacy_resource_id(self) -> str:
        return str(self.number)


@dataclass(slots=True)
class Metafield(Record):
    kind: ClassVar[str] = "Metafield"
    number: int
    namespace: str
    key: str
    type: str
    value: str


@dataclass(slots=True)
class Location(Record):
    kind: ClassVar[str] = "Location"
    number: int
    name: str
    is_active: bool = True


@dataclass(slots=True)
class Image:
    url: str
    width: int | None = None
    height: int | None = None
    alt_text: str | None = None


@dataclass(slots=True)
class Media(Record):
    """An image, a video, a video elsewhere or a 3D model; `kind` says which."""

    kind: str  # type: ignore[misc]  # one class for four kinds
    number: int
    alt: str | None
    image: Image
    sources: Sequence[Mapping[str, object]] = ()
    embed_url: str | None = None
    origin_url: str | None = None
    status: str = "READY"

    @property
    def media_content_type(self) -> str:
        return {"MediaImage": "IMAGE", "Video": "VIDEO", "ExternalVideo": "EXTERNAL_VIDEO"}.get(self.kind, "MODEL_3D")

    @property
    def host(self) -> str:
        return "VIMEO" if "vimeo" in (self.origin_url or "") else "YOUTUBE"

    @property
    def preview(self) -> dict[str, object]:
        return {"image": self.image, "status": self.status}


@dataclass(slots=True)
class Variant(Record):
    kind: ClassVar[str] = "ProductVariant"
    number: int
    product: "Product"
    values: tuple[str, ...]
    price: str
    stock: dict[int, int]
    """Available pieces by the location's number."""
    sku: str | None = None
    barcode: str | None = None
    compare_at_price: str | None = None
    tracked: bool = True
    inventory_policy: str = "DENY"
    weight: float = 0.0
    weight_unit: str = "GRAMS"
    requires_shipping: bool = True
    taxable: bool = True
    media: tuple[Media, ...] = ()
    metafields: tuple[Metafield, ...] = ()
    position: int = 1

    @property
    def title(self) -> str:
        return " / ".join(self.values)

    @property
    def display_name(self) -> str:
        return f"{self.product.title} - {self.title}"

    @property
    def inventory_quantity(self) -> int:
        return sum(self.stock.values())

    @property
    def sellable_online_quantity(self) -> int:
        return self.inventory_quantity

    @property
    def available_for_sale(self) -> bool:
        return not self.tracked or self.inventory_policy == "CONTINUE" or self.inventory_quantity > 0

    @property
    def selected_options(self) -> list[dict[str, object]]:
        pairs = zip(self.product.option_names, self.values, strict=True)
        return [{"name": name, "value": value} for name, value in pairs]

    @property
    def created_at(self) -> Dated:
        return self.product.created_at

    @property
    def updated_at(self) -> Dated:
        return self.product.updated_at

    @property
    def item_number(self) -> int:
        """The number of its inventory item."""
        return self.number + ITEM_OFFSET


@dataclass(slots=True)
class Product(Record):
    kind: ClassVar[str] = "Product"
    number: int
    handle: str
    title: str
    created_at: Dated
    updated_at: Dated
    description_html: str = ""
    vendor: str = ""
    product_type: str = ""
    category_name: str | None = None
    status: str = "ACTIVE"
    tags: tuple[str, ...] = ()
    is_gift_card: bool = False
    published_at: Dated | None = None
    option_names: tuple[str, ...] = ("Title",)
    variants: list[Variant] = field(default_factory=list)
    media: list[Media] = field(default_factory=list)
    metafields: tuple[Metafield, ...] = ()
    seo_title: str | None = None
    seo_description: str | None = None

    def add(self, variant: Variant) -> None:
        variant.position = len(self.variants) + 1
        self.variants.append(variant)

    @property
    def seo(self) -> dict[str, object]:
        return {"title": self.seo_title, "description": self.seo_description}

    @property
    def has_only_default_variant(self) -> bool:
        return len(self.variants) == 1 and self.variants[0].values == ("Default Title",)

    @property
    def has_out_of_stock_variants(self) -> bool:
        return any(variant.tracked and variant.inventory_quantity <= 0 for variant in self.variants)

    @property
    def tracks_inventory(self) -> bool:
        return any(variant.tracked for variant in self.variants)

    @property
    def total_inventory(self) -> int:
        return sum(variant.inventory_quantity for variant in self.variants if variant.tracked)

    @property
    def featured_media(self) -> Media | None:
        return self.media[0] if self.media else None

    @property
    def prices(self) -> tuple[str, str]:
        """The lowest and the highest price."""
        return _extremes([variant.price for variant in self.variants])

    @property
    def compare_at_prices(self) -> tuple[str, str] | None:
        prices = [variant.compare_at_price for variant in self.variants if variant.compare_at_price]
        return _extremes(prices) if prices else None


@dataclass(slots=True)
class Collection(Record):
    kind: ClassVar[str] = "Collection"
    number: int
    handle: str
    title: str
    updated_at: Dated
    products: list[Product]
    description_html: str = ""
    sort_order: str = "BEST_SELLING"
    smart: bool = False
    image: Image | None = None
    metafields: tuple[Metafield, ...] = ()
    seo_title: str | None = None
    seo_description: str | None = None

    @property
    def seo(self) -> dict[str, object]:
        return {"title": self.seo_title, "description": self.seo_description}


@dataclass(slots=True)
class RedeemCode(Record):
    kind: ClassVar[str] = "DiscountRedeemCode"
    number: int
    code: str
    async_usage_count: int = 0


@dataclass(slots=True)
class Discount(Record):
    """`answer` holds the fields of the discount's own type, in the schema's own shape and names."""

    kind: ClassVar[str] = "DiscountNode"
    number: int
    type: str
    answer: dict[str, object]
    codes: list[RedeemCode]
    metafields: tuple[Metafield, ...] = ()

    @property
    def method(self) -> str:
        return "code" if self.type.startswith("DiscountCode") else "automatic"

    @property
    def title(self) -> str:
        return str(self.answer["title"])

    @property
    def status(self) -> str:
        return str(self.answer["status"])

    @property
    def updated_at(self) -> Dated:
        return str(self.answer["updatedAt"])


@dataclass
class Catalog:
    """All of one shop. Every list is in the order of the ids."""

    shop_number: int
    shop_name: str
    description: str
    currency: str
    created_at: Dated
    locations: list[Location]
    products: list[Product]
    collections: list[Collection]
    discounts: list[Discount]
    metafields: tuple[Metafield, ...] = ()

    @cached_property
    def variants(self) -> list[Variant]:
        return list(chain.from_iterable(product.variants for product in self.products))

    @cached_property
    def by_id(self) -> dict[str, Record]:
        """Every record that a query may name by its id."""
        records: chain[Record] = chain(
            self.products, self.variants, self.collections, self.discounts, self.locations, self._media()
        )
        return {record.id: record for record in records}

    @cached_property
    def locations_by_number(self) -> dict[int, Location]:
        return {location.number: location for location in self.locations}

    @cached_property
    def collections_of(self) -> dict[int, list[Collection]]:
        """The collections that a product (by its number) is in."""
        found: dict[int, list[Collection]] = {}
        for collection in self.collections:
            for product in collection.products:
                found.setdefault(product.number, []).append(collection)
        return found

    def _media(self) -> chain[Media]:
        return chain.from_iterable(product.media for product in self.products)


def plain_text(html: str) -> str:
    """The words of an HTML text."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def _extremes(prices: Sequence[str]) -> tuple[str, str]:
    return min(prices, key=Decimal), max(prices, key=Decimal)
