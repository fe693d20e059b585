"""The shop's snapshot: what it holds besides the catalog, and how much of it fits into an answer."""

import logging
from collections.abc import Callable
from typing import Any

from stockroom import http, snapshot
from stockroom.errors import StockroomError
from stockroom.shopify import shops
from stockroom.shopify.catalog import Catalog
from stockroom.snapshot import Published, Stamp
from stockroom.space import Space

log = logging.getLogger("stockroom")

SECTIONS = ("products", "codeDiscountNodes", "automaticDiscountNodes", "collections")


def document(found: Catalog, version: str, extensions: dict[str, Any]) -> dict[str, Any]:
    """The snapshot as the contract has it."""
    return {"data": {**found.data(), "extensions": {"apiVersion": version, "counts": found.counts, **extensions}}}


def publish(space: Space, shop: str, found: Catalog, version: str, read_at: float, doubt: str | None) -> Published:
    """Make a whole catalog the shop's snapshot, unless it is already, and note that it was checked."""

    def stamped(stamp: Stamp) -> dict[str, Any]:
        return document(found, version, stamp.document())

    published = snapshot.publish(space, shops.snapshot_key(shop), found.data(), read_at, stamped)
    if not published.overtaken:  # the record belongs to what lies there
        try:
            snapshot.record_check(space, shop, http.now(), published, found.counts, doubt)
        except StockroomError as error:  # the snapshot is there all the same; the next check makes up for it
            log.warning("The freshness record could not be written: %s", error.message)
    return published


def first_part(whole: dict[str, Any], note: dict[str, Any], fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The snapshot itself if it fits, otherwise as many of each section as do, with `note` in `extensions.part`.

    The shop stays as long as it fits by itself; its metafields may be long.
    """
    if fits(whole):
        return whole
    low, high = 0, max(len(whole["data"][section]["nodes"]) for section in SECTIONS)
    while low < high:  # `low` of each fit, or nothing does
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(part(whole, middle, note)) else (low, middle - 1)
    first = part(whole, low, note)
    return first if low or fits(first) else part({"data": {**whole["data"], "shop": {}}}, 0, note)


def part(whole: dict[str, Any], most: int, note: dict[str, Any]) -> dict[str, Any]:
    """The snapshot with at most so many of each section, saying that it is a part."""
    data = dict(whole["data"])
    for section in SECTIONS:
        data[section] = {"nodes": data[section]["nodes"][:most]}
    shown = {section: len(data[section]["nodes"]) for section in SECTIONS}
    data["extensions"] = {**data["extensions"], "part": {**note, "shown": shown}}
    return {"data": data}
