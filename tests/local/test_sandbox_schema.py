"""Cutting Shopify's schema down, on a small one."""

import gzip
import json
from pathlib import Path

import pytest
from graphql import build_schema, introspection_from_schema, parse

from local.sandbox.resolvers import RESOLVERS
from local.sandbox.versions import ALIVE, schema_of
from local.schema import cut as cut_module
from local.schema.cut import cut, read_full

FULL = """
schema { query: QueryRoot }
interface Node { id: ID! }
interface Hidden { secret: String }
type QueryRoot {
  product(id: ID!, filter: Filter): Product
  oldProduct(id: ID!): Product @deprecated(reason: "Use `product` instead.")
  customer: Customer
  find: Found
}
input Filter { color: Color, inner: Inner }
input Inner { size: Size @deprecated(reason: "No.") }
type Product implements Node & Hidden {
  id: ID!
  secret: String
  title: String! @deprecated(reason: "Use `id` instead.")
  color: Color
  tags: [String!]!
  size(unit: Size): Int
  customer: Customer
  variants(first: Int): VariantConnection!
}
type VariantConnection { nodes: [Variant!]! edges: [VariantEdge!]! pageInfo: PageInfo! }
type VariantEdge { node: Variant! cursor: String! }
type PageInfo { hasNextPage: Boolean! endCursor: String }
type Variant implements Node { id: ID! product: Product! }
type Customer { product: Product }
type Order { id: ID! }
union Found = Product | Order
enum Color { RED BLUE @deprecated(reason: "Faded.") }
enum Size { S M }
enum Unused { X }
"""


def cut_for(*queries: str) -> str:
    text = cut(FULL, [parse(query) for query in queries])
    build_schema(text)
    return text


def test_selected_fields_and_their_scalar_neighbours_stay_with_their_deprecations() -> None:
    text = cut_for('{ product(id: "1") { id } }')
    for kept in (
        "color: Color",
        "tags: [String!]!",
        "size(unit: Size): Int",
        "title: String! @deprecated",
        "BLUE @dep",
    ):
        assert kept in text


def test_arguments_bring_their_input_types() -> None:
    assert "size: Size @deprecated" in cut_for('{ product(id: "1") { id } }')


@pytest.mark.parametrize("dropped", ["oldProduct", "customer", "Customer", "Found", "Unused", "Hidden", "Node"])
def test_what_nothing_selects_is_gone(dropped: str) -> None:
    assert dropped not in cut_for('{ product(id: "1") { id } }')


def test_a_connection_stays_whole() -> None:
    text = cut_for('{ product(id: "1") { variants(first: 1) { nodes { id } } } }')
    assert "edges: [VariantEdge!]!" in text
    assert "hasNextPage: Boolean!" in text
    assert "product: Product!" not in text


def test_a_union_keeps_all_its_members() -> None:
    assert "union Found = Product | Order" in cut_for("{ find { __typename } }")


def test_an_interface_that_is_selected_on_stays_on_its_types() -> None:
    text = cut_for('{ product(id: "1") { ... on Node { id } } }')
    assert "type Product implements Node {" in text


def test_deprecated_things_stay_if_they_are_named() -> None:
    assert "oldProduct(id: ID!): Product @deprecated" in cut_for('{ oldProduct(id: "1") { id } }')


def test_a_type_left_without_fields_is_told() -> None:
    with pytest.raises(SystemExit, match="Customer would have no field left"):
        cut_for("{ customer { __typename } }")


@pytest.mark.parametrize("version", ALIVE)
def test_every_version_has_the_fields_that_the_sandbox_answers(version: str) -> None:
    assert schema_of(version).query_type


def test_the_sandbox_can_answer_whatever_the_projects_operations_ask_for_today() -> None:
    """Its own document alone keeps every field that it has a resolver for."""
    folder = Path(cut_module.__file__).parent
    own = parse((folder / "also.graphql").read_text("utf-8"))
    schema = build_schema(cut(read_full(folder / "admin_2026-10.graphql"), [own]), assume_valid=True)
    fields = {(kind.name, name) for kind in schema.type_map.values() for name in getattr(kind, "fields", ())}
    assert RESOLVERS.keys() <= fields


def test_packed_introspection_and_sdl_are_the_same_schema(tmp_path: Path) -> None:
    described = FULL.replace("type Order", '"Not needed here."\ntype Order')
    sdl, packed = tmp_path / "full.graphql", tmp_path / "full.json.gz"
    sdl.write_text(described, "utf-8")
    data = {"data": introspection_from_schema(build_schema(described), input_value_deprecation=True)}
    packed.write_bytes(gzip.compress(json.dumps(data).encode()))
    query = parse("{ find { ... on Order { id } } product(id: 1) { title color } }")
    texts = [cut(read_full(file), [query]) for file in (sdl, packed)]
    assert sorted(texts[0].split("\n\n")) == sorted(texts[1].split("\n\n"))
    assert "Not needed" not in texts[0]
