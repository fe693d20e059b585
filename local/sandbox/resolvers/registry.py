"""The table of resolvers, and what every one of them may use."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TypeVar

from graphql import GraphQLAbstractType, GraphQLError, GraphQLResolveInfo

from local.sandbox.catalog import Catalog
from local.sandbox.connections import Numbered, Order, Page, page
from local.sandbox.shops import Shop, World

Resolver = Callable[..., object]
R = TypeVar("R", bound=Resolver)
N = TypeVar("N", bound=Numbered)

RESOLVERS: dict[tuple[str, str], Resolver] = {}
MOST_COUNTED = 10_000
NOWHERE = object()


@dataclass
class Context:
    """One request."""

    world: World
    shop: Shop
    scopes: frozenset[str]
    version: str
    sizes: dict[int, int] = field(default_factory=dict)
    """The most nodes each connection returned, for the actual cost."""

    @property
    def catalog(self) -> Catalog:
        return self.shop.catalog


Info = GraphQLResolveInfo[Context]


def resolves(*fields: str, scope: str | None = None) -> Callable[[R], R]:
    """Register a resolver for fields such as "Product.variants"; without the scope they are denied."""

    def register(resolver: R) -> R:
        for name in fields:
            owner, _, field_name = name.partition(".")
            RESOLVERS[owner, field_name] = guarded(resolver, scope) if scope else resolver
        return resolver

    return register


def guarded(resolver: Resolver, scope: str) -> Resolver:
    def guard(source: object, info: Info, **arguments: object) -> object:
        demand(scope, info)
        return resolver(source, info, **arguments)

    return guard


def demand(scope: str, info: Info) -> None:
    """Refuse as Shopify does what the token was not granted."""
    if scope not in info.context.scopes:
        needed = f"`{scope}` access scope."
        more = {"documentation": "https://shopify.dev/api/usage/access-scopes", "requiredAccess": needed}
        said = f"Access denied for {info.field_name} field. Required access: {needed}"
        raise GraphQLError(said, extensions={"code": "ACCESS_DENIED", **more})


def attribute(source: object, info: Info, **_: object) -> object:
    """The answer to a field without a resolver of its own. What the sandbox does not know is an error, never a null."""
    if isinstance(source, Mapping):
        value = source.get(info.field_name, NOWHERE)
    else:
        value = getattr(source, snake(info.field_name), NOWHERE)
    if value is NOWHERE:
        raise GraphQLError(
            f"The sandbox does not model {info.parent_type.name}.{info.field_name}.",
            extensions={"code": "SANDBOX_NOT_MODELLED"},
        )
    return value


def type_of(value: object, _info: Info, abstract: GraphQLAbstractType) -> str:
    """Which member of an interface or union a value is."""
    kind = value.get("__typename") if isinstance(value, Mapping) else getattr(value, "kind", None)
    if not isinstance(kind, str):
        raise TypeError(f"nothing says which {abstract.name} this is: {value!r}")
    return kind


def connection(items: Sequence[N], info: Info, arguments: Mapping[str, object], order: Order[N]) -> Page[N]:
    """A page of a list, its size noted for the bill."""
    found = page(items, arguments, order)
    sizes, key = info.context.sizes, id(info.field_nodes[0])
    sizes[key] = max(sizes.get(key, 0), found.stop - found.start)
    return found


def count(number: int, limit: object = MOST_COUNTED) -> dict[str, object]:
    """A count, which stops at the limit unless that is null."""
    if isinstance(limit, int) and number > limit:
        return {"count": limit, "precision": "AT_LEAST"}
    return {"count": number, "precision": "EXACT"}


@cache
def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()
