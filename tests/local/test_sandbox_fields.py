"""Fields and arguments of the sandbox's schema that the project does not ask for today."""

from typing import Any

import pytest

from tests.local.sandbox_client import Sandbox, logged_in


@pytest.fixture(scope="module")
def shop() -> Sandbox:
    """A shop that these tests only read."""
    return logged_in()


def first_product(shop: Sandbox, fields: str) -> Any:
    return shop.data(f"{{ products(first: 1) {{ nodes {{ {fields} }} }} }}")["products"]["nodes"][0]


def test_metafields_can_be_chosen_by_namespace_and_key(shop: Sandbox) -> None:
    found = first_product(
        shop,
        """one: metafield(namespace: "custom", key: "origin") { value }
        same: metafield(key: "custom.origin") { value } none: metafield(key: "custom.missing") { value }
        some: metafields(first: 9, keys: ["custom.origin", "custom.missing"]) { nodes { key } }
        named: metafields(first: 9, namespace: "other") { nodes { key } }""",
    )
    assert found["one"] == found["same"] == {"value": "Brazil, Peru, India"}
    assert found["none"] is None
    assert found["some"]["nodes"] == [{"key": "origin"}]
    assert found["named"]["nodes"] == []


def test_numbers_behind_ids_are_told(shop: Sandbox) -> None:
    item = "inventoryItem { id legacyResourceId sku }"
    fields = f"id legacyResourceId variants(first: 1) {{ nodes {{ id legacyResourceId {item} }} }}"
    product = first_product(shop, fields)
    variant = product["variants"]["nodes"][0]
    for record in (product, variant, variant["inventoryItem"]):
        assert record["id"].endswith(f"/{record['legacyResourceId']}")
    assert variant["inventoryItem"]["sku"].startswith("MORGENROT-ESPRESSO")


def test_a_product_knows_its_collections_and_they_it(shop: Sandbox) -> None:
    product = first_product(shop, "id collections(first: 5) { nodes { title } }")
    assert [node["title"] for node in product["collections"]["nodes"]] == ["Coffee", "On sale"]
    query = "query($id: ID!) { collections(first: 9) { nodes { title hasProduct(id: $id) } } }"
    holding = [node for node in shop.data(query, id=product["id"])["collections"]["nodes"] if node["hasProduct"]]
    assert [node["title"] for node in holding] == ["Coffee", "On sale"]


def test_a_collections_products_come_in_the_order_asked_for(shop: Sandbox) -> None:
    query = """query($after: String, $back: Boolean) { collections(first: 1) { nodes {
        products(first: 3, after: $after, reverse: $back) { nodes { id } pageInfo { endCursor hasNextPage } }
        sorted: products(first: 250, sortKey: ID) { nodes { id } }
    } } }"""
    after, ids = None, []
    while True:
        node = shop.data(query, after=after, back=True)["collections"]["nodes"][0]
        ids += [one["id"] for one in node["products"]["nodes"]]
        if not node["products"]["pageInfo"]["hasNextPage"]:
            break
        after = node["products"]["pageInfo"]["endCursor"]
    assert ids[::-1] == [one["id"] for one in node["sorted"]["nodes"]]


def test_an_order_that_is_not_modelled_is_an_error(shop: Sandbox) -> None:
    for query in (
        "{ products(first: 1, sortKey: RELEVANCE) { nodes { id } } }",
        "{ collections(first: 1) { nodes { products(first: 1, sortKey: BEST_SELLING) { nodes { id } } } } }",
    ):
        assert "sorts" in shop.ask(query)["errors"][0]["message"]


def test_an_unknown_quantity_is_an_error(shop: Sandbox) -> None:
    query = """{ inventoryItems(first: 1) { nodes { inventoryLevels(first: 1) { nodes {
        quantities(names: ["stolen"]) { quantity } } } } } }"""
    assert "stolen" in shop.ask(query)["errors"][0]["message"]


def test_an_item_leads_back_to_its_variant(shop: Sandbox) -> None:
    query = """{ inventoryItems(first: 1) { nodes { id createdAt inventoryLevels(first: 1) { nodes { createdAt } }
        variants(first: 1) { nodes { displayName inventoryItem { id } product { hasOutOfStockVariants } } } } } }"""
    item = shop.data(query)["inventoryItems"]["nodes"][0]
    variant = item["variants"]["nodes"][0]
    assert variant["inventoryItem"]["id"] == item["id"]
    assert variant["displayName"] == "Morgenrot Espresso - 250 g / Whole bean"
    assert variant["product"]["hasOutOfStockVariants"] is False


def test_several_nodes_are_answered_in_their_order_with_gaps(shop: Sandbox) -> None:
    product = first_product(shop, "id")["id"]
    place = shop.data("{ shop { id } }")["shop"]["id"]
    missing = "gid://shopify/Product/1"
    found = shop.data("query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=[place, missing, product])
    assert found["nodes"] == [{"__typename": "Shop", "id": place}, None, {"__typename": "Product", "id": product}]


def test_a_value_that_does_not_fit_the_schema_is_not_answered() -> None:
    shop = logged_in()
    variant = shop.app.extensions["sandbox"].shop("acme.myshopify.com").catalog.variants[0]
    variant.position = "first"
    answer = shop.ask("{ productVariants(first: 1) { nodes { position } } }")
    assert "Int cannot represent" in answer["errors"][0]["message"]
