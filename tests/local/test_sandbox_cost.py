"""What queries cost at the sandbox, and what happens to those who cannot pay."""

from typing import Any

import pytest
from graphql import execute_sync, parse
from hypothesis import given
from hypothesis import strategies as some

from local.sandbox.quick import QuickExecutor
from local.sandbox.resolvers import Context, attribute, type_of
from local.sandbox.scopes import granted
from local.sandbox.throttle import PLANS, Bucket
from local.sandbox.versions import schema_of
from tests.local.sandbox_client import OPERATIONS, SCOPES, SHOP, Sandbox, logged_in, needed


@pytest.fixture(scope="module")
def shop() -> Sandbox:
    """A shop with so big a budget that these tests never meet its end."""
    return logged_in()


def cost(shop: Sandbox, query: str, **variables: Any) -> dict[str, Any]:
    answer: dict[str, Any] = shop.ask(query, **variables)["extensions"]["cost"]
    return answer


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("{ productVariants(first: 250) { nodes { inventoryItem { id } } } }", 25),  # as measured at Shopify
        ("{ shop { name email url } }", 1),
        ("{ shop { name plan { shopifyPlus } primaryDomain { host } } }", 3),
        ("{ productsCount { count } a: productsCount { count } }", 2),
        ("{ products(first: 1) { nodes { id } } }", 3),
        ("{ products(first: 1) { edges { node { id } } pageInfo { hasNextPage } } }", 3),
        (
            """{ node(id: "gid://shopify/Product/1") {
                ... on Product { seo { title } } ... on Shop { plan { shopifyPlus } primaryDomain { host } }
            } }""",
            3,
        ),
        ("query($no: Boolean = false) { shop { name plan @include(if: $no) { shopifyPlus } } }", 1),
        ("query($no: Boolean = false) { shop { name plan @skip(if: $no) { shopifyPlus } } }", 2),
        (
            'mutation { webhookSubscriptionDelete(id: "gid://shopify/X/1") { userErrors { field } } }',
            10,
        ),
    ],
)
def test_requested_cost_follows_the_published_rules(shop: Sandbox, query: str, points: int) -> None:
    assert cost(shop, query)["requestedQueryCost"] == points


def test_a_longer_page_costs_more_but_far_less_than_in_proportion(shop: Sandbox) -> None:
    query = "query($n: Int!) { products(first: $n) { nodes { variants(first: $n) { nodes { id } } } } }"
    small, large = (cost(shop, query, n=size)["requestedQueryCost"] for size in (10, 100))
    assert small < large < 10 * small


def test_actual_cost_counts_what_was_there_and_the_rest_comes_back(shop: Sandbox) -> None:
    before = shop.state()["throttle"]["currentlyAvailable"]
    bill = cost(shop, "{ products(first: 250) { nodes { seo { title } variants(first: 250) { nodes { id } } } } }")
    assert 0 < bill["actualQueryCost"] < bill["requestedQueryCost"]
    assert bill["throttleStatus"]["currentlyAvailable"] == before - bill["actualQueryCost"]


def test_default_page_sizes_in_the_query_are_billed(shop: Sandbox) -> None:
    query = "query($n: Int = 100) { products(first: $n) { nodes { id } } }"
    assert cost(shop, query)["requestedQueryCost"] == cost(shop, query, n=100)["requestedQueryCost"]


def test_a_query_above_a_thousand_points_is_refused_and_takes_nothing() -> None:
    shop = logged_in(plan="standard")
    answer = shop.run("Products", first=250, nested=250)
    error = answer["errors"][0]["extensions"]
    assert (error["code"], error["maxCost"]) == ("MAX_COST_EXCEEDED", 1000)
    assert error["cost"] == answer["extensions"]["cost"]["requestedQueryCost"] > 1000
    assert "data" not in answer
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 2000


def exhausted() -> Sandbox:
    """A shop on the slowest plan, asked until it refuses."""
    shop = logged_in(plan="standard")
    for _ in range(100):
        if "data" not in shop.run("Products", first=25, nested=50):
            return shop
    raise AssertionError("the budget has no end")


def test_a_throttled_answer_is_http_200_in_shopifys_shape() -> None:
    shop = exhausted()
    answer = shop.run("Products", first=25, nested=50)
    assert set(answer) == {"errors", "extensions"}
    assert answer["errors"][0]["message"] == "Throttled"
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    bill = answer["extensions"]["cost"]
    assert bill["actualQueryCost"] is None
    assert bill["throttleStatus"]["maximumAvailable"] == 2000
    assert bill["throttleStatus"]["restoreRate"] == 100
    assert bill["throttleStatus"]["currentlyAvailable"] < bill["requestedQueryCost"]


def test_waiting_as_long_as_the_answer_implies_is_enough_and_less_is_not() -> None:
    shop = exhausted()
    bill = shop.run("Products", first=25, nested=50)["extensions"]["cost"]
    status = bill["throttleStatus"]
    wait = (bill["requestedQueryCost"] - status["currentlyAvailable"]) / status["restoreRate"]
    shop.now += wait - 0.1
    assert "data" not in shop.run("Products", first=25, nested=50)
    shop.now += 0.1
    assert "data" in shop.run("Products", first=25, nested=50)


def test_each_shop_has_a_budget_of_its_own() -> None:
    shop = exhausted()
    shop.log_in("other.myshopify.com")
    assert "data" in shop.post("{ products(first: 250) { nodes { id } } }", shop="other.myshopify.com").json


@pytest.mark.parametrize(
    ("plan", "maximum", "rate"),
    [("standard", 2000, 100), ("advanced", 4000, 200), ("plus", 20_000, 1000), ("enterprise", 40_000, 2000)],
)
def test_plans_differ_in_size_and_speed(plan: str, maximum: int, rate: int) -> None:
    status = logged_in(plan=plan).ask("{ shop { name } }")["extensions"]["cost"]["throttleStatus"]
    assert (status["maximumAvailable"], status["restoreRate"]) == (maximum, rate)


@given(some.lists(some.tuples(some.sampled_from(["reserve", "refund", "wait"]), some.floats(0, 5000)), max_size=30))
def test_a_bucket_is_never_below_zero_nor_above_its_size(steps: list[tuple[str, float]]) -> None:
    now = [0.0]
    bucket = Bucket(PLANS["standard"], lambda: now[0])
    for step, amount in steps:
        if step == "wait":
            now[0] += amount
        elif step == "refund":
            bucket.refund(amount)
        else:
            before = bucket.status()["currentlyAvailable"]
            assert bucket.reserve(amount) or amount > before
        assert 0 <= bucket.status()["currentlyAvailable"] <= 2000


@pytest.mark.parametrize("scopes", [SCOPES, "read_products,read_discounts", "read_inventory"])
@pytest.mark.parametrize("operation", ["Products", "Discounts", "Collections", "Shop"])
def test_the_quick_executor_answers_exactly_as_graphql_core_does(operation: str, scopes: str) -> None:
    usual, quick = (_executed(operation, scopes, kind) for kind in ({}, {"executor_class": QuickExecutor}))
    assert quick.data == usual.data
    assert [error.formatted for error in quick.errors or []] == [error.formatted for error in usual.errors or []]


def test_the_quick_executor_reports_what_it_cannot_answer() -> None:
    query = """{ products(first: 2) { nodes {
        id giftCardTemplateSuffix featuredImage { id } variants(first: 1) { nodes { taxCode } }
    } } }"""
    usual, quick = (_executed(query, SCOPES, kind) for kind in ({}, {"executor_class": QuickExecutor}))
    assert quick.data == usual.data
    assert [error.formatted for error in quick.errors] == [error.formatted for error in usual.errors]
    assert len(quick.errors) == 6


def _executed(operation: str, scopes: str, how: dict[str, Any]) -> Any:
    world = Sandbox().app.extensions["sandbox"]
    named = operation.isalpha()
    return execute_sync(
        schema_of("2026-10"),
        parse(OPERATIONS if named else operation),
        context_value=Context(world, world.shop(SHOP), granted(scopes.split(",")), "2026-10"),
        variable_values=needed(operation) if named else {},
        operation_name=operation if named else None,
        field_resolver=attribute,
        type_resolver=type_of,
        **how,
    )
