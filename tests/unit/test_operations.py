"""The project's GraphQL operations against Shopify's real schema, cut down.

An operation that asks for something new needs the schema cut anew: see local/schema/cut.py.
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    InlineFragmentNode,
    NoDeprecatedCustomRule,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    parse,
    specified_rules,
    validate,
    visit,
)

from stockroom.shopify.queries import FOLDER, names, operation

SCHEMAS = Path(__file__).parents[2] / "local" / "schema"
VERSIONS = ["2026-07", "2026-10"]


@cache
def schema(version: str) -> GraphQLSchema:
    # Assumed valid: Shopify deprecates DiscountAutomaticBxgy.id, although its interface Node does not.
    return build_schema((SCHEMAS / f"admin_{version}.graphql").read_text("utf-8"), assume_valid=True)


def problems(version: str, query: str) -> list[str]:
    """What all of GraphQL's rules, and the one against deprecated things, find wrong with a query."""
    found: list[GraphQLError] = validate(schema(version), parse(query), [*specified_rules, NoDeprecatedCustomRule])
    return [error.message for error in found]


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas_keep_their_deprecations_and_all_topics(version: str) -> None:
    root = schema(version).query_type
    assert root is not None
    assert root.fields["codeDiscountNodes"].deprecation_reason == "Use `discountNodes` instead."
    assert len(schema(version).type_map["WebhookSubscriptionTopic"].values) > 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", names())
def test_operation_is_valid_and_uses_nothing_deprecated(name: str, version: str) -> None:
    assert problems(version, operation(name)) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("query", "instead"),
    [
        ("{ codeDiscountNodes(first: 1) { nodes { id } } }", "discountNodes"),
        ("{ products(first: 1) { nodes { bodyHtml } } }", "descriptionHtml"),
        ("{ products(first: 1) { nodes { featuredImage { id } } } }", "featuredMedia"),
        ("{ collections(first: 1) { nodes { ruleSet { appliedDisjunctively } } } }", "sources"),
        ("{ shop { plan { displayName } } }", "publicDisplayName"),
        ('{ webhookSubscriptions(first: 1, callbackUrl: "https://a.b") { nodes { id } } }', "uri"),
        ("{ webhookSubscriptions(first: 1) { nodes { callbackUrl } } }", "uri"),
        (
            """mutation {
                webhookSubscriptionCreate(topic: SHOP_UPDATE, webhookSubscription: {callbackUrl: "https://a.b"}) {
                    userErrors { message }
                }
            }""",
            "uri",
        ),
    ],
)
def test_a_deprecated_field_would_be_refused(query: str, instead: str, version: str) -> None:
    assert any("deprecated" in problem and instead in problem for problem in problems(version, query))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_field_of_another_version_would_be_refused(version: str) -> None:
    assert problems(version, "{ products(first: 1) { nodes { barcodes } } }")


@pytest.mark.parametrize("name", names())
def test_no_list_can_be_cut_off_unnoticed(name: str) -> None:
    """Each connection, at every depth, asks whether there is more and where to go on."""
    assert unfinished(operation(name)) == []


def test_a_connection_that_does_not_ask_for_more_would_be_found() -> None:
    query = "query Q { products(first: 1) { ...P pageInfo { hasNextPage endCursor } } }"
    query += " fragment P on ProductConnection { nodes { variants(first: 1) { nodes { id } pageInfo { endCursor } } } }"
    assert unfinished(query) == ["variants"]


def test_every_fragment_is_used_by_an_operation() -> None:
    used = "".join(operation(name) for name in names())
    fragments = sorted(file.stem for file in (FOLDER / "fragments").glob("*.graphql"))
    assert [name for name in fragments if f"fragment {name} on" not in used] == []


def unfinished(query: str) -> list[str]:
    """The connections of a query that would end silently at their first page."""
    connections = Connections(query)
    visit(connections.document, TypeInfoVisitor(connections.types, connections))
    return connections.unfinished


class Connections(Visitor):
    """Looks at every field of a query for those that page through a list."""

    def __init__(self, query: str) -> None:
        super().__init__()
        self.document = parse(query)
        self.types = TypeInfo(schema("2026-10"))
        definitions = self.document.definitions
        self.fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
        self.unfinished: list[str] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        kind = self.types.get_type()
        if kind and get_named_type(kind).name.endswith("Connection"):
            asked = {
                f"{info.name.value}.{field.name.value}" for info in self.inside(node) for field in self.inside(info)
            }
            if not {"pageInfo.hasNextPage", "pageInfo.endCursor"} <= asked:
                self.unfinished.append(node.name.value)

    def inside(self, node: FieldNode | FragmentDefinitionNode | InlineFragmentNode) -> Iterator[FieldNode]:
        """The fields selected on a field, through all fragments."""
        for child in node.selection_set.selections if node.selection_set else ():
            if isinstance(child, FieldNode):
                yield child
            elif isinstance(child, FragmentSpreadNode):
                yield from self.inside(self.fragments[child.name.value])
            elif isinstance(child, InlineFragmentNode):
                yield from self.inside(child)
