"""A shop of plain dicts whose every list is served in pages, as the Admin API does it and as mean as it may be."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Node = dict[str, Any]

LARGEST = 250

# What an operation reads on in the object of the given id; for discounts, `Side` is Gets or Buys.
LISTS = {
    "ProductVariants": ("variants",),
    "ProductMedia": ("media",),
    "VariantMedia": ("media",),
    "InventoryLevels": ("inventoryLevels",),
    "Metafields": ("metafields",),
    "CollectionProducts": ("products",),
    "DiscountCodes": ("discount", "codes"),
    "DiscountProducts": ("discount", "customerSide", "items", "products"),
    "DiscountVariants": ("discount", "customerSide", "items", "productVariants"),
    "DiscountCollections": ("discount", "customerSide", "items", "collections"),
}


@dataclass
class Listing:
    """A list inside an object; `size` names the variable that says how much of it a page shows at first."""

    nodes: list[Any]
    size: str = "nested"


@dataclass
class PagedShop:
    """`roots` are the lists that operations read from their beginning; `calls` lists what was asked."""

    shop: Node = field(default_factory=lambda: {"id": "shop", "metafields": Listing([])})
    products: list[Node] = field(default_factory=list)
    discounts: list[Node] = field(default_factory=list)
    collections: list[Node] = field(default_factory=list)
    calls: list[tuple[str, Node]] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    locations: int = 1

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        """Answer a request, as callback of `responses`."""
        content = json.loads(request.body)
        match = re.match(r"query (\w+)", content["query"])
        assert match
        name, variables = match[1], content["variables"]
        self.calls.append((name, variables))
        return 200, {}, json.dumps({"data": self._data(name, variables)})

    def _data(self, name: str, variables: Node) -> Node:
        roots = {"Products": self.products, "Discounts": self.discounts, "Collections": self.collections}
        if name == "Counts":
            return self.counts()
        if name == "Shop":
            return {"shop": _shown(self.shop, variables)}
        if name in roots:
            return {"page": _page(roots[name], variables, variables["first"], variables["after"])}
        return {"owner": self._owner(name, variables)}

    def _owner(self, name: str, variables: Node) -> Node | None:
        if variables["id"] in self.gone:
            return None
        side = {(True, False): "customerGets", (False, True): "customerBuys"}
        key = (variables.get("gets", False), variables.get("buys", False))
        path = [side[key] if step == "customerSide" else step for step in LISTS[name]]
        found: Any = next(node for node in self._objects() if node.get("id") == variables["id"] and path[0] in node)
        for step in path:
            found = found[step]
        answer: Node = _page(found.nodes, variables, variables["first"], variables["after"])
        for step in reversed(path):
            answer = {step: answer}
        return answer

    def _objects(self) -> Iterator[Node]:
        yield from _objects([self.shop, *self.products, *self.discounts, *self.collections])

    def counts(self) -> Node:
        codes = sum(node["discount"]["__typename"].startswith("DiscountCode") for node in self.discounts)
        numbers = {
            "productsCount": len(self.products),
            "productVariantsCount": sum(len(product["variants"].nodes) for product in self.products),
            "codeDiscountNodesCount": codes,
            "automaticDiscountNodesCount": len(self.discounts) - codes,
            "collectionsCount": len(self.collections),
            "locationsCount": self.locations,
        }
        return {name: {"count": number, "precision": "EXACT"} for name, number in numbers.items()}


def whole(value: Any) -> Any:
    """The same with every list at its full length: what a complete reading has to give."""
    if isinstance(value, Listing):
        return {"nodes": whole(value.nodes)}
    if isinstance(value, dict):
        return {name: whole(inner) for name, inner in value.items()}
    return [whole(inner) for inner in value] if isinstance(value, list) else value


def _objects(value: Any) -> Iterator[Node]:
    if isinstance(value, Listing):
        value = value.nodes
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _objects(inner)


def _page(nodes: list[Any], variables: Node, first: int, after: str | None = None) -> Node:
    """A cursor is a position, made opaque; the last page has one too."""
    assert 1 <= first <= LARGEST
    begin = int(after.removeprefix("after-")) if after else 0
    end = min(begin + first, len(nodes))
    info = {"hasNextPage": end < len(nodes), "endCursor": f"after-{end}" if nodes else None}
    return {"nodes": [_shown(node, variables) for node in nodes[begin:end]], "pageInfo": info}


def _shown(value: Any, variables: Node) -> Any:
    """An object as an answer has it: only the first page of each list in it."""
    if isinstance(value, Listing):
        return _page(value.nodes, variables, variables[value.size])
    if isinstance(value, dict):
        return {name: _shown(inner, variables) for name, inner in value.items()}
    return value
