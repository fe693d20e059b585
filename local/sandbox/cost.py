"""What a query costs: an object 1, a scalar 0, a mutation 10, of an abstract type its dearest member.

Shopify does not publish what nested connections cost today, only that it is far less than each node of each page. Here
a connection of n nodes costs `2 + n ** 0.44 * (one node)`, which makes the one measured query, `variants(first: 250)
{ nodes { inventoryItem { id } } }`, 25 points. A query is charged by the pages it asks for (*requested*); *actual* is
the same sum with the most nodes that each connection really returned.

A query is turned into a tree of prices once; the pages it asks for are looked up in its variables at each request.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)

SINGLE_QUERY_LIMIT = 1000
MUTATION = 10
CONNECTION = 2
EXPONENT = 0.44
PAGE_LIMIT = 250
VARIANTS_PAGE_LIMIT = 2000
"""Only for `product(id:) { variants }`."""

Variables = Mapping[str, object]
Sizes = Mapping[int, int]
"""The most nodes that a connection returned, by the id() of its field in the query."""


class BadPageSize(Exception):
    """A connection was asked for no page size, or too big a one."""

    def __init__(self, message: str, field: FieldNode) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Conditional:
    """`@include` and `@skip` of a field or of the fragment around it."""

    wanted: bool
    value: ValueNode | None

    def holds(self, variables: Variables) -> bool:
        return bool(_value(self.value, variables)) is self.wanted


@dataclass(frozen=True)
class Price:
    """A field that costs something. `branches` holds its own fields for each type it may turn out to be."""

    field: FieldNode
    points: float
    conditions: tuple[Conditional, ...]
    branches: tuple[tuple["Price", ...], ...]
    page_limit: int | None = None
    """For a connection only."""

    def cost(self, variables: Variables, sizes: Sizes | None) -> float:
        if not all(condition.holds(variables) for condition in self.conditions):
            return 0
        inside = max(sum(price.cost(variables, sizes) for price in branch) for branch in self.branches or ((),))
        if self.page_limit is None:
            return self.points + inside
        asked = page_size(self.field, variables, self.page_limit)
        nodes = asked if sizes is None else sizes.get(id(self.field))
        return 0 if nodes is None else self.points + nodes**EXPONENT * inside


def total(prices: Iterable[Price], variables: Variables, sizes: Sizes | None = None) -> int:
    """The whole points of a query: what it may cost or, once the sizes are known, what it did."""
    return ceil(sum(price.cost(variables, sizes) for price in prices))


def page_size(field: FieldNode, variables: Variables, limit: int) -> int:
    """How many nodes a connection is asked for."""
    arguments = {argument.name.value: _value(argument.value, variables) for argument in field.arguments or ()}
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise BadPageSize("you must provide one of first or last", field)
    if first is not None and last is not None:
        raise BadPageSize("providing both first and last is not supported", field)
    name, size = ("first", first) if first is not None else ("last", last)
    if not isinstance(size, int) or size < 0:
        raise BadPageSize(f"{name} must be a positive number", field)
    if size > limit:
        raise BadPageSize(f"{name} cannot exceed {limit}", field)
    return size


def price_list(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[Price, ...]:
    """The prices of an operation's top fields."""
    root = schema.get_root_type(operation.operation)
    if root is None:  # an operation that validation has already refused
        return ()
    pricing = _Pricing(schema, fragments)
    if root is schema.mutation_type:
        fields = pricing.fields(operation.selection_set, root, ())
        return tuple(Price(field, MUTATION, conditions, ((),)) for field, conditions in fields)
    return pricing.of(operation.selection_set, root)


class _Pricing:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self.schema = schema
        self.fragments = fragments

    def of(
        self, selections: SelectionSetNode, owner: GraphQLObjectType, path: tuple[str, ...] = ()
    ) -> tuple[Price, ...]:
        """The prices of the fields selected on an object; one that is selected twice is asked for twice."""
        prices: list[Price] = []
        for field, conditions in self.fields(selections, owner, ()):
            definition = self.schema.get_field(owner, field.name.value)
            kind = get_named_type(definition.type) if definition else None
            if kind is not None and is_composite_type(kind):
                prices.append(self._price(field, conditions, kind, path))
        return tuple(prices)

    def fields(
        self, selections: SelectionSetNode, owner: GraphQLObjectType, around: tuple[Conditional, ...]
    ) -> Iterator[tuple[FieldNode, tuple[Conditional, ...]]]:
        """Every field that may be selected on this very type, through all fragments."""
        for node in selections.selections:
            conditions = (*around, *_conditions(node))
            if isinstance(node, FieldNode):
                yield node, conditions
                continue
            fragment = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            if isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode) and self._applies(fragment, owner):
                yield from self.fields(fragment.selection_set, owner, conditions)

    def _price(
        self, field: FieldNode, conditions: tuple[Conditional, ...], kind: GraphQLNamedType, above: tuple[str, ...]
    ) -> Price:
        path = (*above, field.name.value)
        selections = field.selection_set or SelectionSetNode(selections=())
        branches = tuple(self.of(selections, member, path) for member in self._members(kind))
        if not kind.name.endswith("Connection"):
            return Price(field, 1, conditions, branches)
        limit = VARIANTS_PAGE_LIMIT if path == ("product", "variants") else PAGE_LIMIT
        nodes = tuple(_nodes_only(branch) for branch in branches)
        return Price(field, CONNECTION, conditions, nodes, limit)

    def _members(self, kind: GraphQLNamedType) -> list[GraphQLObjectType]:
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            return list(self.schema.get_possible_types(kind))
        return [kind] if isinstance(kind, GraphQLObjectType) else []

    def _applies(self, fragment: FragmentDefinitionNode | InlineFragmentNode, owner: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        named = self.schema.type_map[fragment.type_condition.name.value]
        return owner in self._members(named)


def _nodes_only(branch: tuple[Price, ...]) -> tuple[Price, ...]:
    """Of a connection's fields those that are paid for by the node: `nodes`, and the node of `edges`."""
    nodes = [price for price in branch if price.field.name.value == "nodes"]
    edges = (price for price in branch if price.field.name.value == "edges")
    return (*nodes, *(price for edge in edges for price in edge.branches[0]))


def _conditions(node: object) -> Iterator[Conditional]:
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value in {"include", "skip"}:
            yield Conditional(directive.name.value == "include", directive.arguments[0].value)


def _value(node: ValueNode | None, variables: Variables) -> object:
    if isinstance(node, VariableNode):
        return variables.get(node.name.value)
    if isinstance(node, IntValueNode):
        return int(node.value)
    return getattr(node, "value", None)
