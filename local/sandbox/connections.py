"""Pages of a list, by cursors that hold for one order only."""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from graphql import GraphQLError


class Numbered(Protocol):
    @property
    def number(self) -> int: ...


N = TypeVar("N", bound=Numbered)
SortValue = str | int


@dataclass(frozen=True)
class Order(Generic[N]):
    """How a list is sorted. Without `key` it stands in an order of its own, such as a product's variants."""

    name: str
    key: Callable[[N], SortValue] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[N]):
    """A connection's answer. What it does not select (cursors, as a rule) is never worked out."""

    items: Sequence[N]
    """The whole list, in the order asked for."""
    start: int
    stop: int
    order: str
    value: Callable[[int], SortValue]

    @property
    def nodes(self) -> Sequence[N]:
        return self.items[self.start : self.stop]

    @property
    def edges(self) -> list[dict[str, object]]:
        return [{"node": self.items[at], "cursor": self._cursor(at)} for at in range(self.start, self.stop)]

    @property
    def page_info(self) -> "Page[N]":
        return self

    @property
    def has_next_page(self) -> bool:
        return self.stop < len(self.items)

    @property
    def has_previous_page(self) -> bool:
        return self.start > 0

    @property
    def start_cursor(self) -> str | None:
        return self._cursor(self.start) if self.start < self.stop else None

    @property
    def end_cursor(self) -> str | None:
        return self._cursor(self.stop - 1) if self.start < self.stop else None

    def _cursor(self, at: int) -> str:
        place = {"last_id": self.items[at].number, "last_value": self.value(at), "order": self.order}
        return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def page(items: Sequence[N], arguments: Mapping[str, object], order: Order[N]) -> Page[N]:
    """The part of a list that `first`/`after` or `last`/`before` ask for; `items` are in the named order."""
    turned = bool(arguments.get("reverse"))
    listed = items[::-1] if turned else items
    places = _Places(listed, Order(f"{order.name} reversed" if turned else order.name, order.key), turned)
    start, stop = 0, len(listed)
    if after := arguments.get("after"):
        start = places.of(str(after), bisect_right)
    if before := arguments.get("before"):
        stop = max(start, places.of(str(before), bisect_left))
    first, last = arguments.get("first"), arguments.get("last")
    if isinstance(first, int):
        stop = min(stop, start + first)
    elif isinstance(last, int):
        start = max(start, stop - last)
    return Page(listed, start, stop, places.order.name, places.value)


@dataclass(frozen=True)
class _Places(Generic[N]):
    items: Sequence[N]
    order: Order[N]
    turned: bool

    def value(self, at: int) -> SortValue:
        return at if self.order.key is None else self.order.key(self.items[at])

    def of(self, cursor: str, bisect: Callable[..., int]) -> int:
        """Where a page begins after this cursor, or ends before it, although the item itself may be gone."""
        number, value = self._read(cursor)
        if self.order.key is None:
            return self._in_own_order(number, value, past=bisect is bisect_right)
        if self.turned:
            mirror = bisect_left if bisect is bisect_right else bisect_right
            return len(self.items) - mirror(self.items[::-1], (value, number), key=self._sort_key)
        return bisect(self.items, (value, number), key=self._sort_key)

    def _sort_key(self, item: N) -> tuple[SortValue, int]:
        return (self.order.key(item) if self.order.key else 0, item.number)

    def _in_own_order(self, number: int, value: SortValue, *, past: bool) -> int:
        hint = int(value)
        if not (hint < len(self.items) and self.items[hint].number == number):
            hint = next((at for at, item in enumerate(self.items) if item.number == number), hint - past)
        return min(hint + past, len(self.items))

    def _read(self, cursor: str) -> tuple[int, SortValue]:
        try:
            place = json.loads(base64.urlsafe_b64decode(cursor.encode()))
            number, value, order = int(place["last_id"]), place["last_value"], place["order"]
        except (ValueError, KeyError, TypeError, binascii.Error):
            raise GraphQLError("Invalid cursor for current pagination sort.") from None
        if order != self.order.name:
            raise GraphQLError("Invalid cursor for current pagination sort.")
        return number, value
