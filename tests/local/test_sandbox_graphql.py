"""The sandbox's Admin API: pages, cursors, scopes, versions, errors as Shopify answers them."""

import json
from typing import Any

import pytest

from tests.local.sandbox_client import OPERATIONS, SHOP, Sandbox, logged_in

PAGES = """query($first: Int, $after: String, $reverse: Boolean, $sort: ProductSortKeys) {
  products(first: $first, after: $after, reverse: $reverse, sortKey: $sort) {
    nodes { id title } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest.fixture(scope="module")
def shop() -> Sandbox:
    """A shop that these tests only read."""
    return logged_in()


@pytest.fixture(scope="module")
def big() -> Sandbox:
    return logged_in("generate:1000")


def all_pages(shop: Sandbox, **variables: Any) -> list[str]:
    titles: list[str] = []
    after = None
    while True:
        page = shop.data(PAGES, after=after, **variables)["products"]
        titles += [node["title"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return titles
        after = page["pageInfo"]["endCursor"]


def test_a_products_whole_record_is_there(shop: Sandbox) -> None:
    espresso = shop.data(
        """{ products(first: 1) { nodes {
          title description descriptionHtml category { fullName } variantsCount { count precision } totalInventory
          options { optionValues { name } } onlineStoreUrl metafields(first: 9) { nodes { key } }
          priceRangeV2 { minVariantPrice { amount currencyCode } }
          compareAtPriceRange { maxVariantCompareAtPrice { amount } }
        } } }"""
    )["products"]["nodes"][0]
    assert espresso["title"] == "Morgenrot Espresso"
    assert espresso["descriptionHtml"].startswith("<p>Our house espresso")
    assert espresso["description"].startswith("Our house espresso: dark chocolate, roasted hazelnut & a long finish.")
    assert espresso["category"]["fullName"] == "Food, Beverages & Tobacco > Beverages > Coffee"
    assert espresso["priceRangeV2"]["minVariantPrice"] == {"amount": "8.90", "currencyCode": "EUR"}
    assert espresso["compareAtPriceRange"]["maxVariantCompareAtPrice"]["amount"] == "35.60"
    assert espresso["variantsCount"] == {"count": 6, "precision": "EXACT"}
    assert [value["name"] for value in espresso["options"][0]["optionValues"]] == ["250 g", "1 kg"]
    assert espresso["onlineStoreUrl"] == f"https://{SHOP}/products/morgenrot-espresso"
    assert [field["key"] for field in espresso["metafields"]["nodes"]] == ["origin", "roast_level", "tasting_notes"]
    assert espresso["totalInventory"] == 6 * (40 + 12 + 180)


def test_a_variants_stock_is_told_per_location(shop: Sandbox) -> None:
    variant = shop.data(
        """{ productVariants(first: 2) { nodes { selectedOptions { name value } inventoryQuantity inventoryItem {
          measurement { weight { value unit } }
          inventoryLevels(first: 5) { nodes {
            location { name } quantities(names: ["available", "on_hand", "committed"]) { name quantity }
          } }
        } } } }"""
    )["productVariants"]["nodes"][1]
    assert variant["selectedOptions"] == [{"name": "Size", "value": "250 g"}, {"name": "Grind", "value": "Espresso"}]
    assert variant["inventoryQuantity"] == 232
    assert variant["inventoryItem"]["measurement"] == {"weight": {"value": 250.0, "unit": "GRAMS"}}
    levels = variant["inventoryItem"]["inventoryLevels"]["nodes"]
    assert [level["location"]["name"] for level in levels] == ["Rösterei Leipzig", "Laden Südvorstadt", "Lager Halle"]
    quantities = {quantity["name"]: quantity["quantity"] for quantity in levels[0]["quantities"]}
    assert quantities["available"] == 40
    assert quantities["on_hand"] == quantities["available"] + quantities["committed"]


def test_every_kind_of_media_is_answered_with_its_own_fields(shop: Sandbox) -> None:
    grinder = next(p for p in shop.walk("Products", first=5) if "grinder" in p["title"])
    by_type = {media["__typename"]: media for media in grinder["media"]["nodes"]}
    assert by_type["MediaImage"]["image"]["altText"] == "Burrs from above"
    assert by_type["Video"]["sources"][0]["mimeType"] == "video/mp4"
    assert by_type["ExternalVideo"]["host"] == "YOUTUBE"
    assert by_type["Model3d"]["sources"][0]["format"] == "glb"


def test_every_discount_type_is_answered(shop: Sandbox) -> None:
    discounts = shop.walk("Discounts", first=10)
    assert len({node["discount"]["__typename"] for node in discounts}) == 8
    contexts = {node["discount"]["context"]["__typename"] for node in discounts}
    assert contexts == {"DiscountBuyerSelectionAll", "DiscountCustomerSegments"}


def test_three_hundred_codes_take_more_than_one_page(shop: Sandbox) -> None:
    node = next(n for n in shop.walk("Discounts", first=10) if n["discount"]["title"] == "FRIENDS")
    assert node["discount"]["codesCount"]["count"] == 300
    codes: list[str] = []
    after = None
    while after or not codes:
        page = shop.run("DiscountCodes", id=node["id"], first=250, after=after)["data"]["owner"]["discount"]["codes"]
        codes += [code["code"] for code in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert len(set(codes)) == 300


@pytest.mark.parametrize("size", [1, 4, 12, 13, 250])
def test_pages_of_any_size_hold_each_product_once(shop: Sandbox, size: int) -> None:
    titles = all_pages(shop, first=size)
    assert len(titles) == len(set(titles)) == 13


@pytest.mark.parametrize("sort", ["ID", "TITLE", "VENDOR", "UPDATED_AT"])
def test_reversed_pages_are_the_same_backwards(shop: Sandbox, sort: str) -> None:
    forwards, backwards = all_pages(shop, first=3, sort=sort), all_pages(shop, first=3, sort=sort, reverse=True)
    assert forwards == backwards[::-1]
    assert sort != "TITLE" or forwards == sorted(forwards)


def test_pages_can_be_read_from_the_end(shop: Sandbox) -> None:
    query = "query($before: String) { products(last: 5, before: $before) { edges { cursor node { title } } } }"
    last = shop.data(query)["products"]["edges"]
    before = shop.data(query, before=last[0]["cursor"])["products"]["edges"]
    assert [edge["node"]["title"] for edge in before + last] == all_pages(shop, first=13)[3:]


@pytest.mark.parametrize("changed", [{"sort": "TITLE"}, {"reverse": True}])
def test_a_cursor_holds_for_its_own_order_only(shop: Sandbox, changed: dict[str, Any]) -> None:
    cursor = shop.data(PAGES, first=2)["products"]["pageInfo"]["endCursor"]
    answer = shop.ask(PAGES, first=2, after=cursor, **changed)
    assert "Invalid cursor" in answer["errors"][0]["message"]


def test_a_made_up_cursor_is_refused(shop: Sandbox) -> None:
    assert "Invalid cursor" in shop.ask(PAGES, first=2, after="eyJhIjoxfQ==")["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ products { nodes { id } } }", "you must provide one of first or last"),
        ("{ products(first: 1) { nodes { variants { nodes { id } } } } }", "you must provide one of first or last"),
        ("{ products(first: 1, last: 1) { nodes { id } } }", "both first and last"),
        ("{ products(first: 251) { nodes { id } } }", "cannot exceed 250"),
        ("{ products(first: -1) { nodes { id } } }", "positive"),
        ('{ product(id: "x") { variants(first: 2001) { nodes { id } } } }', "cannot exceed 2000"),
        ("{ products(first: 1) { nodes { variants(first: 251) { nodes { id } } } } }", "cannot exceed 250"),
        ("{ nodes: productVariants(first: 1) { nodes { product { variants(first: 251) { nodes { id } } } } } }", "250"),
    ],
)
def test_page_sizes_are_enforced(shop: Sandbox, query: str, said: str) -> None:
    answer = shop.ask(query)
    assert said in answer["errors"][0]["message"]
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in answer


def test_one_products_variants_may_be_read_by_two_thousand(big: Sandbox) -> None:
    wide = next(p for p in all_products(big) if p["variantsCount"]["count"] == 2048)
    query = """query($id: ID!, $after: String) { product(id: $id) {
        variants(first: 2000, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } }
    } }"""
    first = big.data(query, id=wide["id"])["product"]["variants"]
    second = big.data(query, id=wide["id"], after=first["pageInfo"]["endCursor"])["product"]["variants"]
    assert len({node["id"] for node in first["nodes"] + second["nodes"]}) == 2048
    assert not second["pageInfo"]["hasNextPage"]


def all_products(shop: Sandbox) -> list[Any]:
    query = """query($after: String) { products(first: 250, after: $after) {
        nodes { id variantsCount { count } } pageInfo { hasNextPage endCursor }
    } }"""
    nodes: list[Any] = []
    after = None
    while True:
        page = shop.data(query, after=after)["products"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


def test_a_collection_of_all_products_is_paged_to_its_end(big: Sandbox) -> None:
    everything = big.walk("Collections")[0]
    assert everything["productsCount"]["count"] == 1000
    seen = {node["id"] for node in everything["products"]["nodes"]}
    info = everything["products"]["pageInfo"]
    while info["hasNextPage"]:
        answer = big.run("CollectionProducts", id=everything["id"], first=250, after=info["endCursor"])
        page = answer["data"]["owner"]["products"]
        seen |= {node["id"] for node in page["nodes"]}
        info = page["pageInfo"]
    assert len(seen) == 1000


def test_follow_up_operations_answer_for_every_owner(shop: Sandbox) -> None:
    product = shop.walk("Products", first=5)[0]
    variant = product["variants"]["nodes"][0]
    owners = [product["id"], variant["id"], shop.run("Shop")["data"]["shop"]["id"]]
    owners += [shop.walk("Collections")[0]["id"]]
    for owner in owners:
        assert shop.run("Metafields", id=owner, first=10)["data"]["owner"]["metafields"]["nodes"]
    asked = {"first": 10}
    assert shop.run("ProductVariants", id=product["id"], **asked)["data"]["owner"]["variants"]["nodes"]
    assert shop.run("ProductMedia", id=product["id"], **asked)["data"]["owner"]["media"]["nodes"]
    assert "nodes" in shop.run("VariantMedia", id=variant["id"], **asked)["data"]["owner"]["media"]
    item = variant["inventoryItem"]["id"]
    assert shop.run("InventoryLevels", id=item, **asked)["data"]["owner"]["inventoryLevels"]["nodes"]


@pytest.mark.parametrize("operation", ["DiscountProducts", "DiscountVariants", "DiscountCollections"])
def test_what_discounts_are_about_can_be_paged(shop: Sandbox, operation: str) -> None:
    found = 0
    for node in shop.walk("Discounts", nested=1):
        answer = shop.run(operation, id=node["id"], first=2)
        assert "errors" not in answer
        found += '"nodes": [{"id":' in json.dumps(answer)
    assert found


def test_counts_are_exact_without_a_limit_and_saturate_at_it(shop: Sandbox) -> None:
    query = "{ low: productsCount(limit: 5) { count precision } all: productsCount(limit: null) { count precision } }"
    counts = shop.data(query)
    assert counts["low"] == {"count": 5, "precision": "AT_LEAST"}
    assert counts["all"] == {"count": 13, "precision": "EXACT"}


def test_counts_stop_at_ten_thousand_unless_told() -> None:
    shop = logged_in("generate:4000")
    query = "{ usual: productVariantsCount { count precision } all: productVariantsCount(limit: null) { count } }"
    counts = shop.data(query)
    assert counts["usual"] == {"count": 10000, "precision": "AT_LEAST"}
    assert counts["all"]["count"] > 10000


def test_lists_can_be_searched(shop: Sandbox) -> None:
    query = """query($q: String) {
        discountNodes(first: 50, query: $q) { nodes { id } } discountNodesCount(query: $q) { count }
    }"""
    sizes = {}
    for method in ("code", "automatic"):
        found = shop.data(query, q=f"method:{method}")
        sizes[method] = len(found["discountNodes"]["nodes"])
        assert found["discountNodesCount"]["count"] == sizes[method]
    assert sizes == {"code": 6, "automatic": 4}
    products = "query($q: String) { products(first: 50, query: $q) { nodes { status } } }"
    drafts = shop.data(products, q="status:draft AND updated_at:>='2026-01-01T00:00:00Z'")["products"]["nodes"]
    assert drafts == [{"status": "DRAFT"}]
    assert shop.data(products, q="updated_at:>2030-01-01")["products"]["nodes"] == []


def test_a_search_that_is_not_understood_is_an_error(shop: Sandbox) -> None:
    answer = shop.ask('{ products(first: 1, query: "moon:full") { nodes { id } } }')
    assert "moon:full" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ products(first: 1) { nodes { colour } } }", "colour"),
        ("{ shop { name }", "Syntax"),
        ("query($n: Int!) { products(first: $n) { nodes { id } } }", "$n"),
        (
            "mutation { webhookSubscriptionCreate(topic: MOON_RISE, webhookSubscription: {}) { userErrors { field }}}",
            "MOON_RISE",
        ),
    ],
)
def test_a_query_that_cannot_run_has_errors_and_no_data_in_http_200(shop: Sandbox, query: str, said: str) -> None:
    answer = shop.post(query)
    assert answer.status_code == 200
    assert said in answer.json["errors"][0]["message"]
    assert "data" not in answer.json


def test_a_body_without_a_query_is_a_bad_request(shop: Sandbox) -> None:
    address = f"/{SHOP}/admin/api/2026-10/graphql.json"
    for body in ("", "[]", "{}", '{"query": 1}'):
        answer = shop.web.post(address, data=body, headers={"X-Shopify-Access-Token": shop.token})
        assert answer.status_code == 400


def test_operations_of_one_document_are_chosen_by_name(shop: Sandbox) -> None:
    assert shop.run("Counts")["data"]["productsCount"]["count"] == 13
    assert "Nowhere" in shop.run("Nowhere")["errors"][0]["message"]


def test_what_the_sandbox_does_not_know_is_an_error_and_never_a_null(shop: Sandbox) -> None:
    answer = shop.ask("{ products(first: 1) { nodes { id giftCardTemplateSuffix } } }")
    assert answer["errors"][0]["extensions"]["code"] == "SANDBOX_NOT_MODELLED"


def test_a_mistake_of_the_sandbox_itself_does_not_pass_for_shopifys_answer() -> None:
    shop = logged_in()
    shop.app.extensions["sandbox"].shop(SHOP).catalog.products[0].status = None  # which the schema forbids
    assert shop.post("{ products(first: 1) { nodes { status } } }").status_code == 500


def test_records_of_another_shop_are_not_found(shop: Sandbox) -> None:
    other = "other.myshopify.com"
    mine = shop.data("{ products(first: 1) { nodes { id } } }")["products"]["nodes"][0]["id"]
    visitor = Sandbox()
    visitor.log_in(other)
    theirs = visitor.post("query($id: ID!) { product(id: $id) { id } }", shop=other, id=mine)
    assert theirs.json["data"] == {"product": None}


@pytest.mark.parametrize("token", ["", "shpat_unknown"])
def test_an_unknown_token_is_401(token: str) -> None:
    sandbox = Sandbox()
    sandbox.token = token
    assert sandbox.post("{ shop { name } }").status_code == 401


def test_a_denied_field_is_null_beside_an_error() -> None:
    shop = logged_in(scope="read_products,read_discounts")
    answer = shop.ask("{ shop { name } locations(first: 1) { nodes { name } } }")
    assert answer["data"] is None  # locations may not be null, so the whole of the data is
    error = answer["errors"][0]
    assert error["extensions"]["code"] == "ACCESS_DENIED"
    assert error["extensions"]["requiredAccess"] == "`read_locations` access scope."
    assert error["path"] == ["locations"]
    partly = shop.ask('{ shop { name } inventoryItem(id: "gid://shopify/InventoryItem/1") { id } }')
    assert partly["data"] == {"shop": {"name": "Rösterei Morgenrot"}, "inventoryItem": None}
    assert partly["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


@pytest.mark.parametrize(
    ("missing", "query"),
    [
        ("read_products", "{ productsCount { count } }"),
        ("read_products", "{ collections(first: 1) { nodes { id } } }"),
        (
            "read_inventory",
            "{ products(first: 1) { nodes { variants(first: 1) { nodes { inventoryItem { id } } } } } }",
        ),
        (
            "read_locations",
            "{ inventoryItems(first: 1) { nodes { inventoryLevels(first: 1) { nodes { location { name } } } } } }",
        ),
        ("read_discounts", "{ discountNodes(first: 1) { nodes { id } } }"),
    ],
)
def test_each_scope_guards_its_part(missing: str, query: str) -> None:
    every = {"read_products", "read_inventory", "read_locations", "read_discounts"}
    assert "errors" not in logged_in(scope=",".join(every)).ask(query)
    answer = logged_in(scope=",".join(every - {missing})).ask(query)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"ACCESS_DENIED"}


def test_a_node_is_guarded_as_its_own_field_is() -> None:
    product = logged_in().data("{ products(first: 1) { nodes { id } } }")["products"]["nodes"][0]["id"]
    answer = logged_in(scope="read_discounts").ask("query($id: ID!) { node(id: $id) { id } }", id=product)
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_app_can_see_what_it_was_granted() -> None:
    shop = logged_in(scope="read_products")
    scopes = shop.data("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"]
    assert scopes == {"accessScopes": [{"handle": "read_products"}]}


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        ("2026-01", "2026-01"),
        ("2026-04", "2026-04"),
        ("2026-07", "2026-07"),
        ("2026-10", "2026-10"),
        ("2025-10", "2026-01"),
        ("2023-01", "2026-01"),
    ],
)
def test_a_dead_version_falls_forward_to_the_oldest_living_one(shop: Sandbox, asked: str, served: str) -> None:
    answer = shop.post("{ shop { name } }", version=asked)
    assert answer.status_code == 200
    assert answer.headers["X-Shopify-API-Version"] == served


@pytest.mark.parametrize("version", ["2027-01", "2026-02", "newest"])
def test_a_version_that_never_was_is_not_found(shop: Sandbox, version: str) -> None:
    assert shop.post("{ shop { name } }", version=version).status_code == 404


def test_use_of_a_deprecated_field_is_flagged(shop: Sandbox) -> None:
    header = "X-Shopify-API-Deprecated-Reason"
    old = shop.post("{ codeDiscountNodes(first: 1) { nodes { id codeDiscount { __typename } } } }")
    assert old.json["data"]["codeDiscountNodes"]["nodes"][0]["codeDiscount"]["__typename"] == "DiscountCodeBasic"
    assert header in old.headers
    assert header not in shop.post("{ discountNodes(first: 1) { nodes { id } } }").headers


def test_the_documents_of_the_project_are_all_there() -> None:
    assert OPERATIONS.count("query ") > 10
