import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.shopify import events

NOW = 1_800_000_000.0
HEADERS = {
    "x-shopify-topic": "products/update",
    "x-shopify-shop-domain": "acme.myshopify.com",
    "x-shopify-webhook-id": "b54557e4",
    "x-shopify-event-id": "98880550",
    "x-shopify-triggered-at": "2026-11-24T10:00:00Z",
    "x-shopify-api-version": "2026-10",
}


def test_event_tells_who_what_and_when() -> None:
    body = b'{"id": 7, "admin_graphql_api_id": "gid://shopify/Product/7", "title": "Shirt", "updated_at": "2026"}'
    assert events.event(HEADERS, body, NOW) == {
        "provider": "shopify",
        "topic": "products/update",
        "shop": "acme.myshopify.com",
        "deliveryId": "b54557e4",
        "eventId": "98880550",
        "triggeredAt": "2026-11-24T10:00:00Z",
        "apiVersion": "2026-10",
        "receivedAt": "2027-01-15T08:00:00.000Z",
        "names": {"id": 7, "admin_graphql_api_id": "gid://shopify/Product/7", "updated_at": "2026"},
    }


def test_event_without_headers_is_told_by_empty_texts() -> None:
    event = events.event({}, b"{}", NOW)
    assert {event[name] for name in ("topic", "shop", "deliveryId", "eventId", "triggeredAt", "apiVersion")} == {""}
    assert event["names"] == {}


def test_inventory_event_names_item_and_place() -> None:
    body = b'{"inventory_item_id": 1, "location_id": 2, "available": 3}'
    assert events.names(body) == {"inventory_item_id": 1, "location_id": 2}


def test_compliance_event_keeps_ids_and_no_personal_data() -> None:
    body = json.dumps(
        {
            "shop_id": 1,
            "shop_domain": "acme.myshopify.com",
            "orders_requested": [1, 2],
            "customer": {"id": 3, "email": "jane@example.org", "phone": "555-625-1199"},
            "data_request": {"id": 4},
        }
    ).encode()
    assert events.names(body) == {
        "shop_id": 1,
        "shop_domain": "acme.myshopify.com",
        "customer": {"id": 3},
        "data_request": {"id": 4},
    }


@pytest.mark.parametrize("inner", [None, "jane@example.org", [{"id": 3}], {}, {"email": "jane@example.org"}])
def test_customer_of_another_shape_is_left_out(inner: Any) -> None:
    assert events.names(json.dumps({"customer": inner, "id": 1}).encode()) == {"id": 1}


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[1]", b"null", b'"id"', b"\xff\xfe", b"{", b"[" * 100_000, b"1" * 5000]
)
def test_body_that_shopify_does_not_document_names_nothing(body: bytes) -> None:
    assert events.names(body) == {}


@given(st.binary(max_size=40) | st.text('{}[]":,id1 ', max_size=20).map(str.encode))
def test_no_body_breaks_the_event(body: bytes) -> None:
    json.dumps(events.event(HEADERS, body, NOW))


def test_our_own_test_event_is_no_topic_of_shopify() -> None:
    assert events.TEST_TOPIC.upper().replace("/", "_") not in events.TOPICS
    assert len(set(events.TOPICS)) == len(events.TOPICS)
