"""shopify/callback and shopify/sync with shops that are too big for one result, or for half a minute."""

import base64
import json
import urllib.request
from html import unescape
from typing import Any

import pytest

from stockroom.shopify import callback
from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, Log, assert_no_secret
from tests.functions.environment import FUNCTIONS_KEY, SHOP
from tests.functions.invoke import HTML
from tests.functions.shopify_stub import ShopifyStub, WebPlaces, product

SNAPSHOT, RECORD = f"{SHOP}/shopify_data.json", f"{SHOP}/freshness.json"
PLATFORM_LIMIT = 1_048_576
HEAVY = "äöü" * 5_000  # 30 kB as UTF-8, 90 kB when the platform escapes it


@pytest.fixture
def heavy(shopify: ShopifyStub, places: WebPlaces) -> ShopifyStub:
    """More than one result may hold."""
    shopify.products = [product(number, 1, HEAVY) for number in range(1, 26)]
    return shopify


@pytest.mark.parametrize("headers", [{}, HTML], ids=["JSON", "page"])
def test_of_a_heavy_shop_as_much_is_shown_as_fits(
    functions: Functions, heavy: ShopifyStub, bucket: Space, headers: dict[str, str]
) -> None:
    answer = functions.login(headers=headers)
    assert PLATFORM_LIMIT * 0.7 < len(json.dumps(json.loads(answer.text))) < PLATFORM_LIMIT
    shown = answer.body if not answer.is_page else json_of(answer.body)
    assert shown["upload_status_result"] == {"status": "success", "message": "Uploaded."}
    whole = stored(bucket, SNAPSHOT)["data"]
    data = shown["shopify_data"]["data"]
    some, every = data["products"]["nodes"], whole["products"]["nodes"]
    assert 0 < len(some) < len(every) == 25
    assert some == every[: len(some)]
    extensions = data["extensions"]
    assert extensions["part"]["shown"] == {
        "products": len(some),
        "codeDiscountNodes": 1,
        "automaticDiscountNodes": 1,
        "collections": 1,
    }
    assert extensions["counts"] == whole["extensions"]["counts"]
    assert "part" not in whole["extensions"]
    assert fetch(extensions["part"]["link"])["data"] == whole


def test_a_heavy_shop_that_was_not_uploaded_has_no_link(
    functions: Functions, heavy: ShopifyStub, places: WebPlaces
) -> None:
    places.deliver = lambda _: (404, {}, "")
    part = functions.login().body["shopify_data"]["data"]["extensions"]["part"]
    assert part.keys() == {"message", "shown"}


def test_what_just_fits_is_shown_whole(functions: Functions, heavy: ShopifyStub, bucket: Space) -> None:
    heavy.products = heavy.products[:8]
    shown = functions.login().body["shopify_data"]
    assert "part" not in shown["data"]["extensions"]
    assert shown == stored(bucket, SNAPSHOT)


def test_an_object_too_big_to_be_shown_at_all_is_still_uploaded(
    functions: Functions, heavy: ShopifyStub, bucket: Space
) -> None:
    heavy.products = [product(1, 1, HEAVY * 20)]
    shown = functions.login().body
    assert shown["shopify_data"]["data"]["products"]["nodes"] == []
    assert shown["shopify_data"]["data"]["extensions"]["counts"]["products"] == 1
    assert len(stored(bucket, SNAPSHOT)["data"]["products"]["nodes"]) == 1


@pytest.fixture
def slow(shopify: ShopifyStub, places: WebPlaces, clock: Clock) -> ShopifyStub:
    """Each page of products takes longer than a person waits."""
    shopify.products = [product(number, 1) for number in range(1, 121)]
    shopify.before = lambda name: clock.advance(callback.READING if name == "Products" else 0)
    return shopify


def test_when_time_runs_out_the_rest_is_left_to_the_sync(
    functions: Functions, slow: ShopifyStub, places: WebPlaces, bucket: Space
) -> None:
    body = functions.login().body
    assert body["webhook_test"] == body["polling_test"] == {"status": "success"}
    assert body["upload_status_result"]["status"] == "pending"
    assert "being read on" in body["upload_status_result"]["message"]
    data = body["shopify_data"]["data"]
    assert 0 < len(data["products"]["nodes"]) < 120
    assert data["extensions"]["counts"]["products"] == 120
    assert "once it was read" in data["extensions"]["part"]["message"]
    assert bucket.head(SNAPSHOT) is None
    (call,) = places.wakes
    assert call.headers["authorization"] == "Basic " + base64.b64encode(FUNCTIONS_KEY.encode()).decode()
    assert json.loads(call.body) == {"source": f"shopify/{SHOP}"}


def test_the_sync_that_was_woken_uploads_all_of_it(
    functions: Functions, slow: ShopifyStub, places: WebPlaces, bucket: Space
) -> None:
    link = functions.login().body["shopify_data"]["data"]["extensions"]["part"]["link"]
    result = functions.sync(json.loads(places.wakes[0].body))
    assert result["status"] == "success"
    assert result["counts"]["products"] == 120
    assert len(fetch(link)["data"]["products"]["nodes"]) == 120
    assert stored(bucket, RECORD)["complete"] is True


def test_a_page_shows_that_it_goes_on(functions: Functions, slow: ShopifyStub) -> None:
    page = functions.login(headers=HTML)
    assert f"<h1>{SHOP} is connected</h1>" in page.body
    assert "<span class='badge pending'>pending</span>" in page.body
    assert "<dt>Products</dt><dd>120</dd>" in page.body


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 302])
def test_a_sync_that_could_not_be_woken_is_told(
    functions: Functions, slow: ShopifyStub, places: WebPlaces, log: Log, status: int
) -> None:
    places.wake_status = status
    upload = functions.login().body["upload_status_result"]
    assert upload["status"] == "failed"
    assert "could not be started: check FUNCTIONS_ACCESS_KEY" in upload["message"]
    assert f"HTTP {status}" in log.text
    assert_no_secret(log.text, base64.b64encode(FUNCTIONS_KEY.encode()).decode())


def test_a_slow_shop_whose_events_would_not_arrive_is_not_handed_over(
    functions: Functions, slow: ShopifyStub, places: WebPlaces
) -> None:
    places.deliver = lambda _: (404, {}, "")
    upload = functions.login().body["upload_status_result"]
    assert upload["status"] == "failed"
    assert "webhook_test failed" in upload["message"]
    assert places.wakes == []


def test_a_budget_that_is_used_up_for_too_long_is_left_to_the_sync_too(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, clock: Clock
) -> None:
    cost = {"maximumAvailable": 2000, "currentlyAvailable": 0, "restoreRate": 10}
    throttled = {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]}
    costs = {"extensions": {"cost": {"requestedQueryCost": 500, "actualQueryCost": None, "throttleStatus": cost}}}
    begun = clock()
    shopify.fails["Products"] = (200, {}, json.dumps({**throttled, **costs}))
    assert functions.login().body["upload_status_result"]["status"] == "pending"
    assert clock() - begun < 1  # who cannot be served in time does not wait


def json_of(page: str) -> Any:
    return json.loads(unescape(page.partition("<pre>")[2].partition("</pre>")[0]))


def fetch(link: str) -> Any:
    """As the owner, who has nothing but the link; past the stand-in for the web."""
    with urllib.request.urlopen(link, timeout=10) as reply:
        return json.load(reply)


def stored(space: Space, key: str) -> Any:
    found = space.read(key)
    assert found is not None
    return json.loads(found.body)
