"""Webhook subscriptions at the sandbox."""

from typing import Any

import pytest

from tests.local.sandbox_client import SHOP, Sandbox, logged_in

HOOK = "https://example.org/webhook"
CREATE = """mutation($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id topic uri format filter includeFields apiVersion { handle } } userErrors { field message }
  }
}"""
UPDATE = """mutation($id: ID!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $hook) {
    webhookSubscription { id uri filter } userErrors { field message }
  }
}"""
DELETE = """mutation($id: ID!) {
  webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId userErrors { field message } }
}"""


def create(shop: Sandbox, topic: str = "PRODUCTS_UPDATE", **hook: Any) -> Any:
    return shop.data(CREATE, topic=topic, hook={"uri": HOOK} | hook)["webhookSubscriptionCreate"]


def topics(shop: Sandbox, **variables: Any) -> list[str]:
    query = """query($topics: [WebhookSubscriptionTopic!], $uri: String) {
        webhookSubscriptions(first: 50, topics: $topics, uri: $uri) { nodes { topic } }
    }"""
    return [node["topic"] for node in shop.data(query, **variables)["webhookSubscriptions"]["nodes"]]


def test_a_subscription_is_made_and_listed() -> None:
    shop = logged_in()
    made = create(shop, filter="status:active", includeFields=["id", "status"])
    assert made["userErrors"] == []
    expected = {"topic": "PRODUCTS_UPDATE", "uri": HOOK, "format": "JSON", "filter": "status:active"}
    assert made["webhookSubscription"].items() >= expected.items()
    assert made["webhookSubscription"]["includeFields"] == ["id", "status"]
    assert made["webhookSubscription"]["apiVersion"] == {"handle": "2026-10"}
    create(shop, "SHOP_UPDATE", uri="https://example.org/other")
    assert topics(shop) == ["PRODUCTS_UPDATE", "SHOP_UPDATE"]
    assert topics(shop, topics=["SHOP_UPDATE"]) == ["SHOP_UPDATE"]
    assert topics(shop, uri=HOOK) == ["PRODUCTS_UPDATE"]


def test_the_same_topic_and_address_twice_is_taken() -> None:
    shop = logged_in()
    create(shop)
    again = create(shop)
    assert again["webhookSubscription"] is None
    assert again["userErrors"][0]["message"] == "Address for this topic has already been taken"
    assert create(shop, uri="https://example.org/elsewhere")["userErrors"] == []


@pytest.mark.parametrize(
    ("uri", "fine"),
    [
        (HOOK, True),
        ("http://localhost:5000/shopify/webhook", True),
        ("http://127.0.0.1:5000/shopify/webhook", True),
        ("pubsub://project:topic", True),
        ("http://example.org/webhook", False),
        ("http://localhost.evil.example/", False),
        ("ftp://example.org", False),
        ("example.org", False),
        ("", False),
    ],
)
def test_events_go_to_https_addresses_or_to_this_machine(uri: str, *, fine: bool) -> None:
    answer = create(logged_in(), uri=uri)
    assert (answer["webhookSubscription"] is not None) is fine
    assert bool(answer["userErrors"]) is not fine


def test_a_topic_needs_the_scope_of_its_data() -> None:
    shop = logged_in(scope="read_products")
    assert create(shop)["userErrors"] == []
    assert "permission" in create(shop, "DISCOUNTS_UPDATE")["userErrors"][0]["message"]
    assert "read_inventory" in create(shop, "INVENTORY_LEVELS_UPDATE")["userErrors"][0]["message"]
    assert create(shop, "INVENTORY_ITEMS_UPDATE")["userErrors"] == []
    assert create(shop, "APP_UNINSTALLED")["userErrors"] == []


def test_a_subscription_can_be_moved_but_not_onto_another() -> None:
    shop = logged_in()
    first, second = create(shop), create(shop, uri="https://example.org/two")
    wanted = {"id": second["webhookSubscription"]["id"], "hook": {"uri": "https://example.org/three", "filter": "id:1"}}
    moved = shop.data(UPDATE, **wanted)["webhookSubscriptionUpdate"]
    assert moved["webhookSubscription"].items() >= wanted["hook"].items()
    wanted["hook"] = {"uri": first["webhookSubscription"]["uri"]}
    taken = shop.data(UPDATE, **wanted)["webhookSubscriptionUpdate"]
    assert "taken" in taken["userErrors"][0]["message"]


def test_a_deleted_subscription_is_gone_and_its_address_free() -> None:
    shop = logged_in()
    identity = create(shop)["webhookSubscription"]["id"]
    assert shop.data(DELETE, id=identity)["webhookSubscriptionDelete"] == {
        "deletedWebhookSubscriptionId": identity,
        "userErrors": [],
    }
    assert topics(shop) == []
    assert create(shop)["userErrors"] == []
    missing = shop.data(DELETE, id=identity)["webhookSubscriptionDelete"]
    assert missing["userErrors"] == [{"field": ["id"], "message": "Webhook subscription does not exist"}]
    assert shop.data(UPDATE, id=identity, hook={})["webhookSubscriptionUpdate"]["userErrors"]


def test_shopify_may_drop_a_subscription() -> None:
    shop = logged_in()
    create(shop)
    number = shop.state()["subscriptions"][0]["id"]
    address = f"/_sandbox/shops/{SHOP}/subscriptions/{number}"
    assert shop.web.delete(address).json == {"dropped": True}
    assert topics(shop) == []
    assert shop.web.delete(address).status_code == 404


def test_subscriptions_can_be_paged_and_counted() -> None:
    shop = logged_in()
    for number in range(5):
        create(shop, uri=f"https://example.org/{number}")
    assert len({node["id"] for node in shop.walk("Subscriptions", first=2)}) == 5
    counted = shop.data("{ webhookSubscriptionsCount { count } }")
    assert counted["webhookSubscriptionsCount"] == {"count": 5}
