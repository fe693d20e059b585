"""shopify/sync: one whole read of one connected shop, called by ourselves."""

import json
from typing import Any

import pytest

from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, Log, assert_no_secret
from tests.functions.environment import OPTIONAL, SHOP
from tests.functions.invoke import variables
from tests.functions.shopify_stub import ShopifyStub, WebPlaces, product, reply

SNAPSHOT, RECORD = f"{SHOP}/shopify_data.json", f"{SHOP}/freshness.json"
PAYLOAD = {"source": f"shopify/{SHOP}"}


@pytest.fixture
def connected(functions: Functions, shopify: ShopifyStub, places: WebPlaces) -> ShopifyStub:
    """A shop that logged in, and then gained a product."""
    functions.login()
    shopify.asked.clear()
    shopify.products.append(product(4))
    return shopify


def test_a_shop_that_changed_is_published_anew(
    functions: Functions, connected: ShopifyStub, bucket: Space, clock: Clock
) -> None:
    clock.advance(60)
    result = functions.sync(PAYLOAD)
    assert (result["status"], result["changed"], result["counts"]["products"]) == ("success", True, 4)
    found = stored(bucket, SNAPSHOT)["data"]
    assert len(found["products"]["nodes"]) == 4
    assert stored(bucket, RECORD)["changedAt"] == found["extensions"]["readAt"]


def test_a_shop_that_did_not_change_is_only_checked(
    functions: Functions, connected: ShopifyStub, bucket: Space, clock: Clock
) -> None:
    functions.sync(PAYLOAD)
    before, changed_at = bucket.read(SNAPSHOT), stored(bucket, RECORD)["changedAt"]
    clock.advance(60)
    assert functions.sync(PAYLOAD)["changed"] is False
    assert bucket.read(SNAPSHOT) == before
    assert stored(bucket, RECORD)["changedAt"] == changed_at < stored(bucket, RECORD)["checkedAt"]


def test_it_takes_all_the_time_it_has(functions: Functions, connected: ShopifyStub, clock: Clock) -> None:
    connected.products = [product(number, 1) for number in range(1, 121)]
    connected.before = lambda name: clock.advance(120 if name == "Products" else 0)
    assert functions.sync(PAYLOAD)["counts"]["products"] == 120


def test_when_even_that_is_not_enough_the_last_snapshot_stays(
    functions: Functions, connected: ShopifyStub, bucket: Space, clock: Clock
) -> None:
    before = bucket.read(SNAPSHOT)
    connected.before = lambda name: clock.advance(900 if name == "Collections" else 0)
    result = functions.sync(PAYLOAD)
    assert result["status"] == "failed"
    assert "too much to be read in one call" in result["message"]
    assert bucket.read(SNAPSHOT) == before
    assert stored(bucket, RECORD)["lastError"]["message"] == result["message"]


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"source": ""},
        {"source": None},
        {"source": SHOP},
        {"source": f"facebook/{SHOP}"},
        {"source": "shopify/evil.org"},
        {"source": "shopify/"},
        {"source": ["shopify/acme"]},
        {"shop": SHOP},
    ],
)
def test_a_call_that_names_no_shop_is_refused(
    functions: Functions, shopify: ShopifyStub, bucket: Space, payload: dict[str, Any]
) -> None:
    result = functions.sync(payload)
    assert result["status"] == "failed"
    assert "shop" in result["message"]
    assert (shopify.asked, list(bucket.list(""))) == ([], [])


def test_a_shop_that_never_logged_in_is_asked_to(functions: Functions, shopify: ShopifyStub, bucket: Space) -> None:
    result = functions.sync(PAYLOAD)
    assert result == {"status": "failed", "message": f"{SHOP} is not connected: log in at /shopify/{SHOP}/login."}
    assert stored(bucket, RECORD)["lastError"]["message"] == result["message"]
    assert shopify.asked == []


def test_a_token_that_has_run_out_is_not_used(
    functions: Functions, connected: ShopifyStub, bucket: Space, clock: Clock
) -> None:
    clock.advance(3600)
    result = functions.sync(PAYLOAD)
    assert "has run out: log in again" in result["message"]
    assert connected.asked == []
    assert stored(bucket, SNAPSHOT)["data"]["extensions"]["counts"]["products"] == 3


def test_a_dead_token_leaves_the_last_good_snapshot_and_says_so(
    functions: Functions, connected: ShopifyStub, bucket: Space, log: Log
) -> None:
    before, counts = bucket.read(SNAPSHOT), stored(bucket, RECORD)["counts"]
    connected.fails["Shop"] = reply({}, 401)
    result = functions.sync(PAYLOAD)
    assert "log in again" in result["message"]
    assert bucket.read(SNAPSHOT) == before
    record = stored(bucket, RECORD)
    assert (record["lastError"]["message"], record["counts"]) == (result["message"], counts)
    assert "LoginNeeded" in log.text
    assert_no_secret(json.dumps(result), *connected.issued)


def test_tokens_sealed_under_a_key_that_is_gone_are_told(functions: Functions, connected: ShopifyStub) -> None:
    functions.environment["TOKEN_KEYS"] = "2026-12:" + "A" * 43 + "="
    assert "TOKEN_KEYS does not hold" in functions.sync(PAYLOAD)["message"]
    assert connected.asked == []


def test_a_failure_nobody_thought_of_does_not_look_like_a_crash_of_the_platform(
    functions: Functions, connected: ShopifyStub, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockroom.shopify.catalog.read", lambda *_: 1 / 0)
    result = functions.sync(PAYLOAD)
    assert result == {"status": "failed", "message": "Something went wrong inside Stockroom; its log has the details."}
    assert "ZeroDivisionError" in log.text


@pytest.mark.parametrize("name", sorted(variables("shopify/sync") - OPTIONAL))
def test_a_variable_that_is_missing_is_named(functions: Functions, connected: ShopifyStub, name: str) -> None:
    functions.environment[name] = ""
    result = functions.sync(PAYLOAD)
    assert result["status"] == "failed"
    assert f"{name} is missing" in result["message"]
    assert connected.asked == []


def stored(space: Space, key: str) -> Any:
    found = space.read(key)
    assert found is not None
    return json.loads(found.body)
