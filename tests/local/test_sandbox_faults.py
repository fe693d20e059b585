"""Faults on demand, and what a test may look at and steer."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from local.sandbox.server import serving
from tests.local.sandbox_client import KEY, SECRET, SHOP, Sandbox, logged_in

QUERY = "{ products(first: 5) { nodes { id } pageInfo { hasNextPage endCursor } } }"


@pytest.fixture
def shop() -> Sandbox:
    return logged_in()


@pytest.fixture
def served(shop: Sandbox) -> Iterator[str]:
    """The address of `shop` on a real socket."""
    with serving(shop.app) as address:
        yield address


def over_http(served: str, shop: Sandbox, query: str = QUERY, timeout: float = 5) -> requests.Response:
    headers = {"X-Shopify-Access-Token": shop.token, "Connection": "close"}
    address = f"{served}/{SHOP}/admin/api/2026-10/graphql.json"
    return requests.post(address, json={"query": query}, headers=headers, timeout=timeout, allow_redirects=False)


@pytest.mark.parametrize("status", [301, 402, 403, 423, 429, 430, 500, 502, 503])
def test_a_status_comes_once_and_then_the_truth(shop: Sandbox, status: int) -> None:
    shop.fault(where="graphql", kind=str(status))
    answer = shop.post(QUERY)
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 429)
    assert ("Location" in answer.headers) == (status == 301)
    assert (answer.mimetype == "text/html") == (status in {502, 503})
    assert shop.data(QUERY)["products"]["nodes"]


def test_rules_wait_their_turn_and_last_as_long_as_told(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="500", after=1, times=2)
    assert [shop.post(QUERY).status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_rule_may_mean_one_operation_of_one_shop(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="500", operation="Meant", shop=SHOP)
    shop.fault(where="graphql", kind="500", shop="other.myshopify.com")
    assert shop.post("query Other { shop { name } }").status_code == 200
    assert shop.post("query Meant { shop { name } }").status_code == 500
    assert shop.post("query Meant { shop { name } }").status_code == 200


def test_rules_can_be_seen_and_forgotten(shop: Sandbox) -> None:
    shop.fault(where="token", kind="500", times=3)
    assert shop.web.get("/_sandbox/faults").json[0]["times"] == 3
    assert shop.web.delete("/_sandbox/faults").json == []


@pytest.mark.parametrize(
    "rule",
    [
        {"where": "graphql", "kind": "earthquake"},
        {"where": "token", "kind": "partial"},
        {"where": "moon", "kind": "500"},
        {"kind": "500"},
        {"where": "graphql", "kind": "500", "colour": "red"},
        {"where": "graphql", "kind": "200"},
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(shop: Sandbox, rule: dict[str, str]) -> None:
    answer = shop.web.post("/_sandbox/faults", json=[rule])
    assert answer.status_code == 400
    assert answer.json["error"]


def test_throttled_on_demand_is_as_the_real_one(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="throttled")
    answer = shop.ask(QUERY)
    assert answer["errors"][0]["extensions"]["code"] == "THROTTLED"
    assert answer["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0
    assert "data" not in answer
    assert shop.data(QUERY)["products"]["nodes"]


def test_partial_data_looks_complete_but_for_its_error(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="partial")
    answer = shop.ask(QUERY)
    assert answer["data"]["products"] == {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    assert answer["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert shop.data(QUERY)["products"]["nodes"]


def test_partial_data_without_a_list_loses_its_field(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="partial")
    assert shop.ask("{ shop { name } }")["data"] == {"shop": None}


@pytest.mark.parametrize(
    ("kind", "code"), [("access_denied", "ACCESS_DENIED"), ("internal_error", "INTERNAL_SERVER_ERROR")]
)
def test_an_error_of_the_api_leaves_a_null(shop: Sandbox, kind: str, code: str) -> None:
    shop.fault(where="graphql", kind=kind)
    answer = shop.ask("{ shop { name } productsCount { count } }")
    assert answer["data"] == {"shop": None, "productsCount": {"count": 13}}
    assert answer["errors"][0]["extensions"]["code"] == code


def test_revoked_ends_the_install_for_good(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="revoked")
    assert [shop.post(QUERY).status_code for _ in range(2)] == [401, 401]
    assert shop.state()["access_tokens"] == 0


def test_html_and_garbage_come_with_status_200(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="html")
    page = shop.post(QUERY)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    shop.fault(where="graphql", kind="garbage")
    broken = shop.post(QUERY)
    assert (broken.status_code, broken.get_json(silent=True)) == (200, None)


@pytest.mark.parametrize(
    ("kind", "status"), [("invalid_grant", 400), ("invalid_client", 401), ("invalid_request", 400), ("500", 500)]
)
def test_token_endpoint_fails_on_demand_and_keeps_the_code(shop: Sandbox, kind: str, status: int) -> None:
    code = shop.code()
    shop.fault(where="token", kind=kind)
    assert shop.ask_token(code=code).status_code == status
    assert shop.ask_token(code=code).status_code == 200


def test_a_token_reply_may_hide_when_it_ends(shop: Sandbox) -> None:
    shop.fault(where="token", kind="no_expiry")
    reply = shop.ask_token(code=shop.code(), expiring="1").json
    assert "refresh_token" in reply
    assert not {"expires_in", "refresh_token_expires_in"} & set(reply)


def test_token_endpoint_may_find_the_app_uninstalled(shop: Sandbox) -> None:
    refresh = shop.log_in()["refresh_token"]
    shop.fault(where="token", kind="revoked")
    assert shop.refresh(refresh).json["error"] == "invalid_client"


def test_a_merchant_may_refuse_without_being_asked(shop: Sandbox) -> None:
    shop.fault(where="authorize", kind="access_denied")
    assert "error=access_denied" in shop.consent().headers["Location"]
    assert shop.consent().status_code == 200


def test_a_lost_reply_has_taken_effect(shop: Sandbox, served: str) -> None:
    mutation = """mutation {
        webhookSubscriptionCreate(topic: SHOP_UPDATE, webhookSubscription: {uri: "https://a.b/c"}) {
            webhookSubscription { id } userErrors { message }
        }
    }"""
    shop.fault(where="graphql", kind="lost_reply")
    with pytest.raises(requests.ConnectionError):
        over_http(served, shop, mutation)
    assert shop.state()["subscriptions"][0]["topic"] == "SHOP_UPDATE"
    again = over_http(served, shop, mutation).json()["data"]["webhookSubscriptionCreate"]
    assert "taken" in again["userErrors"][0]["message"]


def test_a_lost_token_reply_has_used_up_the_code_and_rotated_the_token(shop: Sandbox, served: str) -> None:
    refresh = shop.log_in()["refresh_token"]
    fields = {"client_id": KEY, "client_secret": SECRET, "grant_type": "refresh_token", "refresh_token": refresh}
    shop.fault(where="token", kind="lost_reply")
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{served}/{SHOP}/admin/oauth/access_token", data=fields, timeout=5)
    assert shop.state()["refresh_tokens"] == 2
    assert shop.refresh(refresh).status_code == 200


def test_no_answer_comes_until_the_client_gives_up(shop: Sandbox, served: str) -> None:
    shop.fault(where="graphql", kind="timeout")
    with pytest.raises(requests.ReadTimeout):
        over_http(served, shop, timeout=0.2)
    assert over_http(served, shop).status_code == 200


def test_a_silent_request_ends_with_504_when_its_time_is_up(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="timeout", seconds=0.01)
    assert shop.post(QUERY).status_code == 504


def test_a_silent_request_does_not_keep_the_server_from_ending(shop: Sandbox) -> None:
    shop.fault(where="graphql", kind="timeout")
    statuses: list[int] = []
    with serving(shop.app) as served:
        waiting = threading.Thread(target=lambda: statuses.append(over_http(served, shop, timeout=30).status_code))
        waiting.start()
        until = time.monotonic() + 10
        while shop.web.get("/_sandbox/faults").json and time.monotonic() < until:
            waiting.join(0.001)
    waiting.join(10)
    assert statuses == [504]


def test_requests_are_remembered_without_their_secrets(shop: Sandbox) -> None:
    shop.web.delete("/_sandbox/requests")
    shop.log_in()
    shop.fault(where="graphql", kind="throttled")
    shop.post("query Named { shop { name } }")
    log: list[dict[str, Any]] = shop.web.get("/_sandbox/requests").json
    assert [(entry["method"], entry["path"], entry["status"]) for entry in log] == [
        ("POST", f"/{SHOP}/admin/oauth/authorize", 302),
        ("POST", f"/{SHOP}/admin/oauth/access_token", 200),
        ("POST", f"/{SHOP}/admin/api/2026-10/graphql.json", 200),
    ]
    assert (log[2]["operation"], log[2]["fault"]) == ("Named", "throttled")
    assert not any(secret in str(log) for secret in (*shop.state(reveal=True)["tokens"], SECRET, "hmac", "nonce"))


def test_tokens_are_told_only_when_asked_for(shop: Sandbox) -> None:
    assert "shpat_" not in str(shop.state())
    assert shop.token in shop.state(reveal=True)["tokens"]
    assert shop.state()["access_tokens"] == 1


def test_a_clock_is_moved_by_seconds_only(shop: Sandbox) -> None:
    assert shop.web.post("/_sandbox/clock", json={"advance": "soon"}).status_code == 400
    assert shop.web.post("/_sandbox/clock", json={"advance": 90}).json["ahead"] == 90
