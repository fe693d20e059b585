"""Global ids. Each shop has numbers of its own, so that one shop's data showing up in another's is noticed."""

from itertools import count
from zlib import crc32

ITEM_OFFSET = 500_000_000
"""An inventory item's number is its variant's, moved by this much."""


class Numbers:
    """Hands out the numbers of one shop, always rising."""

    def __init__(self, shop: str) -> None:
        self._next = count(8_000_000_000_001 + crc32(shop.encode()) % 900_000 * 1_000_000_000)

    def __call__(self) -> int:
        return next(self._next)


def gid(kind: str, number: int | str) -> str:
    return f"gid://shopify/{kind}/{number}"


def number_of(global_id: str, kind: str) -> int | None:
    """The number in an id of this kind, else None."""
    head, _, tail = global_id.rpartition("/")
    return int(tail) if head == f"gid://shopify/{kind}" and tail.isdecimal() else None
