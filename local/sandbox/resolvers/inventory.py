"""Inventory items, and what of them lies at which location."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from graphql import GraphQLError

from local.sandbox.catalog import Location, Variant
from local.sandbox.connections import Order, Page
from local.sandbox.numbers import gid
from local.sandbox.resolvers.registry import Info, connection, resolves

QUANTITIES = ("available", "on_hand", "committed", "incoming", "reserved", "damaged", "quality_control", "safety_stock")


@dataclass(frozen=True, slots=True)
class Item:
    """A variant as the stockroom sees it."""

    kind: ClassVar[str] = "InventoryItem"
    variant: Variant

    @property
    def number(self) -> int:
        return self.variant.item_number

    @property
    def id(self) -> str:
        return gid(self.kind, self.number)

    @property
    def legacy_resource_id(self) -> str:
        return str(self.number)

    @property
    def sku(self) -> str | None:
        return self.variant.sku

    @property
    def tracked(self) -> bool:
        return self.variant.tracked

    @property
    def requires_shipping(self) -> bool:
        return self.variant.requires_shipping

    @property
    def measurement(self) -> dict[str, object]:
        weight = {"value": self.variant.weight, "unit": self.variant.weight_unit}
        return {"id": gid("InventoryItemMeasurement", self.number), "weight": weight}

    @property
    def created_at(self) -> str:
        return self.variant.created_at

    @property
    def updated_at(self) -> str:
        return self.variant.updated_at


@dataclass(frozen=True, slots=True)
class Level:
    kind: ClassVar[str] = "InventoryLevel"
    item: Item
    location: Location
    available: int

    @property
    def number(self) -> int:
        return self.location.number

    @property
    def id(self) -> str:
        return f"{gid(self.kind, self.number)}?inventory_item_id={self.item.number}"

    @property
    def is_active(self) -> bool:
        return True

    @property
    def created_at(self) -> str:
        return self.item.created_at

    @property
    def updated_at(self) -> str:
        return self.item.updated_at


LEVELS: Order[Level] = Order("ID", lambda level: level.number)
VARIANTS: Order[Variant] = Order("ID", lambda variant: variant.number)


@resolves("ProductVariant.inventoryItem", scope="read_inventory")
def inventory_item(variant: Variant, _info: Info) -> Item:
    return Item(variant)


@resolves("InventoryItem.variants")
def variants(item: Item, info: Info, **arguments: object) -> Page[Variant]:
    return connection([item.variant], info, arguments, VARIANTS)


@resolves("InventoryItem.inventoryLevels")
def inventory_levels(item: Item, info: Info, **arguments: object) -> Page[Level]:
    places = info.context.catalog.locations_by_number
    levels = [Level(item, places[number], available) for number, available in sorted(item.variant.stock.items())]
    return connection(levels, info, arguments, LEVELS)


@resolves("InventoryLevel.location", scope="read_locations")
def location(level: Level, _info: Info) -> Location:
    return level.location


@resolves("InventoryLevel.quantities")
def quantities(level: Level, _info: Info, names: Sequence[str]) -> list[dict[str, object]]:
    return [_quantity(level, name) for name in names]


def _quantity(level: Level, name: str) -> dict[str, object]:
    """Nothing is on order here: what is on hand is what is available and what is committed to orders."""
    if name not in QUANTITIES:
        raise GraphQLError(f"The quantity name {name!r} is not one of {', '.join(QUANTITIES)}.")
    committed = level.item.variant.position % 3
    known = {"available": level.available, "committed": committed, "on_hand": level.available + committed}
    identity = gid("InventoryQuantity", f"{level.item.number}{level.number % 1000}{QUANTITIES.index(name)}")
    return {"id": identity, "name": name, "quantity": known.get(name, 0), "updatedAt": level.updated_at}
