"""The API versions there are, the schema of each, and the queries it has read already."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoDeprecatedCustomRule,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)

from local.sandbox.cost import Price, price_list
from local.sandbox.resolvers import RESOLVERS

# The versions alive in November 2026 -> the one whose schema they are answered from.
ALIVE = {"2026-01": "2026-07", "2026-04": "2026-07", "2026-07": "2026-07", "2026-10": "2026-10"}
SCHEMAS = Path(__file__).parents[1] / "schema"
REMEMBERED_QUERIES = 512


@dataclass(frozen=True)
class Query:
    """A query that has been read: what may run, or why it may not."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    deprecated: tuple[str, ...]
    """What it uses that will go away, in words."""
    operations: Mapping[str, OperationDefinitionNode]
    prices: Mapping[str, tuple[Price, ...]]
    """By the operation's name."""

    def operation(self, name: str | None) -> OperationDefinitionNode:
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None or name not in self.operations:
            raise GraphQLError(f"No operation named {name!r}" if name else "An operation name is required")
        return self.operations[name]


def version_served(asked: str) -> str | None:
    """The version that answers: the one asked for, for a dead one the oldest alive, None for what never was."""
    if asked in ALIVE:
        return asked
    return min(ALIVE) if re.fullmatch(r"20\d\d-(01|04|07|10)", asked) and asked < min(ALIVE) else None


@cache
def schema_of(version: str) -> GraphQLSchema:
    """The schema of a living version, its fields answered by the resolvers."""
    text = (SCHEMAS / f"admin_{ALIVE[version]}.graphql").read_text("utf-8")
    schema = build_schema(text, assume_valid=True)
    for (owner, name), resolver in RESOLVERS.items():
        kind = schema.type_map[owner]
        if not isinstance(kind, GraphQLObjectType):
            raise TypeError(f"{owner} has no fields of its own")
        kind.fields[name].resolve = resolver
    return schema


@lru_cache(REMEMBERED_QUERIES)
def read_query(version: str, text: str) -> Query:
    """Parse, validate and price a query, once for as many requests as send it."""
    schema = schema_of(version)
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        return Query(DocumentNode(), (error,), (), {}, {})
    errors = tuple(validate(schema, document))
    named = {_name(node): node for node in document.definitions if isinstance(node, OperationDefinitionNode)}
    if errors:
        return Query(document, errors, (), named, {})
    pieces = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    deprecated = tuple(error.message for error in validate(schema, document, [NoDeprecatedCustomRule]))
    prices = {name: price_list(schema, operation, pieces) for name, operation in named.items()}
    return Query(document, (), deprecated, named, prices)


def _name(operation: OperationDefinitionNode) -> str:
    return operation.name.value if operation.name else ""
