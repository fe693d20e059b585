import json
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from stockroom import inbox
from stockroom.errors import ProviderError, SetupError
from stockroom.shopify import subscriptions
from stockroom.shopify.events import TOPICS
from stockroom.shopify.subscriptions import Plan, plan
from stockroom.signing import verify_shopify_webhook
from stockroom.space import Space
from tests.unit.admin_api import NOW, SHOP, admin, ok, play

ADDRESS = "https://faas.example/api/v1/web/ns/shopify/webhook"
SOURCE = f"shopify/{SHOP}"


def subscription(topic: str, **changes: Any) -> dict[str, Any]:
    plain = {
        "id": f"gid://{topic}",
        "topic": topic,
        "uri": ADDRESS,
        "format": "JSON",
        "filter": "",
        "includeFields": [],
    }
    return {**plain, **changes}


def listed(*nodes: dict[str, Any], more: str | None = None) -> Any:
    return ok({"page": {"nodes": nodes, "pageInfo": {"hasNextPage": more is not None, "endCursor": more}}})


def done(*problems: str) -> Any:
    return ok({"result": {"userErrors": [{"field": ["x"], "message": problem} for problem in problems]}})


def test_new_shop_needs_every_topic() -> None:
    assert plan([], ADDRESS) == Plan([*TOPICS], [])


def test_only_what_is_missing_is_made() -> None:
    existing = [subscription(topic) for topic in TOPICS if topic != "SHOP_UPDATE"]
    assert plan(existing, ADDRESS) == Plan(["SHOP_UPDATE"], [])
    assert plan([*existing, subscription("SHOP_UPDATE", filter=None)], ADDRESS) == Plan([], [])


@pytest.mark.parametrize("changes", [{"filter": "id:1"}, {"includeFields": ["id"]}])
def test_subscription_that_would_leave_something_out_is_replaced(changes: dict[str, Any]) -> None:
    existing = [subscription("A", id="gid://altered", **changes), subscription("B")]
    assert plan(existing, ADDRESS, ["A", "B"]) == Plan(["A"], ["gid://altered"])


def test_good_subscription_beside_an_altered_one_is_enough() -> None:
    existing = [subscription("A", id="gid://altered", filter="id:1"), subscription("A")]
    assert plan(existing, ADDRESS, ["A"]) == Plan([], ["gid://altered"])


def test_subscription_to_another_address_is_left_alone_and_does_not_count() -> None:
    existing = [subscription("A", uri="https://other.example/webhook", filter="id:1"), subscription("Z")]
    assert plan(existing, ADDRESS, ["A"]) == Plan(["A"], [])


def test_shop_is_given_what_it_lacks(web: responses.RequestsMock) -> None:
    whole = [subscription(topic) for topic in TOPICS[2:]]
    altered = subscription(TOPICS[0], filter="id:1")
    asked = play(web, listed(altered, *whole[:3], more="c"), listed(*whole[3:]), done(), done(), done())
    assert subscriptions.reconcile(admin(), ADDRESS) == Plan([*TOPICS[:2]], [altered["id"]])
    assert asked[2:] == [
        {"id": altered["id"]},
        {"topic": TOPICS[0], "subscription": {"uri": ADDRESS, "format": "JSON"}},
        {"topic": TOPICS[1], "subscription": {"uri": ADDRESS, "format": "JSON"}},
    ]


def test_shop_that_has_everything_is_only_looked_at(web: responses.RequestsMock) -> None:
    asked = play(web, listed(*map(subscription, TOPICS)))
    assert subscriptions.reconcile(admin(), ADDRESS) == Plan([], [])
    assert len(asked) == 1


def test_subscription_that_another_worker_made_just_now_is_as_good(web: responses.RequestsMock) -> None:
    play(web, listed(*map(subscription, TOPICS[1:])), done("Address for this topic has already been taken"))
    assert subscriptions.reconcile(admin(), ADDRESS) == Plan([TOPICS[0]], [])


def test_refused_subscription_is_told_with_its_reason(web: responses.RequestsMock) -> None:
    problems = done("Address is not allowed", "for this topic has already been taken", "Topic is invalid")
    play(web, listed(*map(subscription, TOPICS[1:])), problems)
    with pytest.raises(ProviderError, match=f"{TOPICS[0]}: Address is not allowed; Topic is invalid$"):
        subscriptions.reconcile(admin(), ADDRESS)


def test_subscription_that_cannot_be_removed_is_told(web: responses.RequestsMock) -> None:
    play(web, listed(*map(subscription, TOPICS[1:]), subscription(TOPICS[0], filter="x")), done("Not yours"))
    with pytest.raises(ProviderError, match=f"gid://{TOPICS[0]}: Not yours"):
        subscriptions.reconcile(admin(), ADDRESS)


def send_test(space: Space) -> None:
    subscriptions.send_test(ADDRESS, SHOP, "shpss_secret", space, NOW)


def test_test_event_is_signed_like_shopifys_and_leaves_nothing_behind(
    space: Space, web: responses.RequestsMock
) -> None:
    def keep(request: Any) -> Any:
        """What the webhook function does."""
        headers = request.headers
        assert verify_shopify_webhook(request.body, headers["x-shopify-hmac-sha256"], ["shpss_secret"])
        assert headers["x-shopify-topic"] == "stockroom/test"
        assert headers["x-shopify-shop-domain"] == SHOP
        assert json.loads(request.body) == {"sent_at": "2027-01-15T08:00:00.000Z"}
        assert inbox.store(space, SOURCE, headers["x-shopify-webhook-id"], {})
        return 200, {}, ""

    inbox.store(space, SOURCE, "real-event", {})
    web.add_callback(responses.POST, ADDRESS, callback=keep)
    send_test(space)
    send_test(space)
    assert [entry.key for entry in space.list("")] == [inbox.key(SOURCE, "real-event")]


@pytest.mark.parametrize(
    ("status", "headers", "told"),
    [
        (401, {}, "another SHOPIFY_API_SECRET"),
        (404, {}, "there is no function"),
        (429, {"retry-after": "17"}, "works again in 17 seconds"),
        (429, {}, "works again in 60 seconds"),
        (500, {}, "HTTP 500: check SHOPIFY_WEBHOOK_ADDRESS, and the webhook function's settings"),
        (302, {"location": "https://elsewhere.example/"}, "HTTP 302: check SHOPIFY_WEBHOOK_ADDRESS"),
    ],
)
def test_test_event_that_is_refused_tells_why(
    status: int,
    headers: dict[str, str],
    told: str,
    space: Space,
    web: responses.RequestsMock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    web.post(ADDRESS, status=status, headers=headers, match=[matchers.request_kwargs_matcher({"timeout": (3.05, 6)})])
    with pytest.raises(SetupError, match=told) as caught:
        send_test(space)
    assert f"Webhook test result: HTTP {status}" in caplog.text
    assert "shpss" not in caught.value.message + caplog.text


@pytest.mark.parametrize("error", [requests.ConnectionError("shpss_secret"), requests.Timeout("shpss_secret")])
def test_address_that_cannot_be_reached_is_told(
    error: requests.RequestException, space: Space, web: responses.RequestsMock
) -> None:
    web.post(ADDRESS, body=error)
    with pytest.raises(SetupError, match=rf"{type(error).__name__}\): check SHOPIFY_WEBHOOK_ADDRESS") as caught:
        send_test(space)
    assert "shpss" not in caught.value.message
