"""shopify/callback when the login worked and a part of what follows did not: which, why, and what to do."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests

from stockroom.space import Space
from tests.functions.conftest import Functions, Log, assert_no_secret
from tests.functions.environment import SHOP
from tests.functions.invoke import HTML
from tests.functions.shopify_stub import HTTP, ShopifyStub, WebPlaces, graphql_errors, product, reply
from tests.storage.wire import Wire

SNAPSHOT, RECORD = f"{SHOP}/shopify_data.json", f"{SHOP}/freshness.json"
SUCCESS = {"status": "success"}
TAKEN = {"field": ["webhookSubscription", "uri"], "message": "Address for this topic has already been taken"}


def user_errors(*errors: dict[str, Any]) -> HTTP:
    return reply({"data": {"result": {"webhookSubscription": None, "userErrors": list(errors)}}})


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        ((401, {}, ""), "another SHOPIFY_API_SECRET than the callback"),
        ((404, {}, ""), "there is no function: check SHOPIFY_WEBHOOK_ADDRESS"),
        ((429, {"retry-after": "17"}, ""), "works again in 17 seconds"),
        ((500, {}, ""), "HTTP 500: check SHOPIFY_WEBHOOK_ADDRESS"),
        ((302, {"location": "https://evil.org/"}, ""), "HTTP 302: check SHOPIFY_WEBHOOK_ADDRESS"),
        (requests.ConnectTimeout(), "cannot be reached (ConnectTimeout): check SHOPIFY_WEBHOOK_ADDRESS"),
        (requests.ConnectionError(), "cannot be reached (ConnectionError): check SHOPIFY_WEBHOOK_ADDRESS"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_events_that_would_not_arrive_keep_the_data_from_being_uploaded(
    functions: Functions,
    shopify: ShopifyStub,
    places: WebPlaces,
    bucket: Space,
    log: Log,
    *,
    answer: HTTP | Exception,
    cause: str,
) -> None:
    places.deliver = lambda _: raised(answer) if isinstance(answer, Exception) else answer
    body = functions.login().body
    assert body["webhook_test"]["status"] == "failed"
    assert cause in body["webhook_test"]["message"]
    assert body["polling_test"] == SUCCESS
    assert body["upload_status_result"]["status"] == "failed"
    assert "webhook_test failed" in body["upload_status_result"]["message"]
    assert body["shopify_data"]["data"]["extensions"]["counts"]["products"] == 3
    assert bucket.head(SNAPSHOT) is None
    assert "Webhook setup failed: " in log.text


def test_somebody_elses_server_that_says_200_is_not_our_webhook(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces
) -> None:
    places.deliver = lambda _: (200, {}, "thanks")
    body = functions.login().body
    assert body["webhook_test"]["status"] == "failed"
    assert "did not keep it: check SHOPIFY_WEBHOOK_ADDRESS" in body["webhook_test"]["message"]


@pytest.mark.parametrize("operation", ["Subscriptions", "Subscribe"])
def test_subscriptions_that_shopify_refuses_are_told(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space, operation: str
) -> None:
    shopify.fails[operation] = graphql_errors("ACCESS_DENIED")
    body = functions.login().body
    assert body["webhook_test"]["status"] == "failed"
    assert "log in again and grant all of it" in body["webhook_test"]["message"]
    assert places.deliveries == []
    assert bucket.head(SNAPSHOT) is None


def test_a_refused_topic_is_named(functions: Functions, shopify: ShopifyStub, places: WebPlaces) -> None:
    shopify.fails["Subscribe"] = user_errors({"field": ["uri"], "message": "Address is not allowed"})
    message = functions.login().body["webhook_test"]["message"]
    assert message == "Shopify refused the subscription PRODUCTS_CREATE: Address is not allowed"


def test_a_subscription_that_someone_else_just_made_is_as_good(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces
) -> None:
    shopify.fails["Subscribe"] = user_errors(TAKEN)
    assert functions.login().body["webhook_test"] == SUCCESS


def test_an_inbox_that_cannot_be_written_shows_in_the_webhook_test(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, log: Log
) -> None:
    """The test event goes the whole way."""
    places.deliver = lambda request: broken_inbox(functions, request)
    message = functions.login().body["webhook_test"]["message"]
    assert "HTTP 500: check SHOPIFY_WEBHOOK_ADDRESS, and the webhook function's settings" in message
    assert "check SPACES_BUCKET" in log.text


POLLING_FAILURES: list[tuple[HTTP | Exception, str]] = [
    (reply({}, 401), "log in again"),
    (reply({}, 402), "bill"),
    ((403, {}, "<h1>Forbidden</h1>"), "IP allowlist"),
    ((403, {}, "Non-expiring access tokens are not accepted"), "log in again"),
    (reply({}, 404), "check its name"),
    (reply({}, 423), "locked"),
    (reply({}, 429, {"Retry-After": "3.0"}), "works again in 3 seconds"),
    (reply({}, 502), "HTTP 502"),
    ((200, {}, "<html>"), "not the JSON it should be"),
    (graphql_errors("ACCESS_DENIED", {"shop": None}), "grant all of it"),
    (graphql_errors("SHOP_INACTIVE"), "paused or closed"),
    (graphql_errors("INTERNAL_SERVER_ERROR", {"page": {"nodes": []}}), "failed inside"),
    (graphql_errors("OTHER", {"page": {"nodes": []}}), "none of it is used"),
    (reply({"errors": "[API] It is down"}), "It is down"),
    (reply({"data": None}), "no data"),
    (reply({"data": {}}, 200, {"X-Shopify-API-Version": "2027-01"}), "set SHOPIFY_API_VERSION"),
    (requests.ConnectionError(), "cannot be reached"),
    (requests.ReadTimeout(), "cannot be reached"),
]


@pytest.mark.parametrize(("failure", "cause"), POLLING_FAILURES, ids=lambda value: str(value)[:40])
def test_data_that_cannot_be_read_whole_leaves_the_last_good_snapshot(
    functions: Functions,
    shopify: ShopifyStub,
    places: WebPlaces,
    bucket: Space,
    log: Log,
    *,
    failure: HTTP | Exception,
    cause: str,
) -> None:
    functions.login("code-1")
    before, record = bucket.read(SNAPSHOT), stored(bucket, RECORD)
    shopify.fails["Products"] = failure
    shopify.products = []
    body = functions.login("code-2").body
    assert body["polling_test"]["status"] == "error"
    assert cause in body["polling_test"]["message"]
    assert body["webhook_test"] == SUCCESS
    assert "polling_test failed" in body["upload_status_result"]["message"]
    assert body["upload_status_result"]["status"] == "failed"
    assert bucket.read(SNAPSHOT) == before
    after = stored(bucket, RECORD)
    assert after["lastError"]["message"] == body["polling_test"]["message"]
    assert after["counts"] == record["counts"]
    assert_no_secret(json.dumps(body) + log.text, *shopify.issued)


def test_a_failure_that_passes_is_not_noticed(functions: Functions, shopify: ShopifyStub, places: WebPlaces) -> None:
    failures: list[HTTP] = [graphql_errors("THROTTLED"), reply({}, 503), reply({}, 429), graphql_errors("TIMEOUT")]

    def pass_away(operation: str) -> None:
        if operation == "Collections":
            shopify.fails = {"Collections": failures.pop()} if failures else {}

    shopify.before = pass_away
    body = functions.login().body
    assert body["upload_status_result"]["message"] == "Uploaded."
    assert shopify.asked.count("Collections") == 5


def test_a_shop_that_changes_while_it_is_read_is_said_to_be_doubtful(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space
) -> None:
    def vanish(operation: str) -> None:
        if operation == "Products":
            shopify.products = shopify.products[:2]
        elif operation == "Counts" and len(shopify.products) == 2:
            shopify.products.append(product(9))

    shopify.before = vanish
    assert functions.login().body["upload_status_result"]["status"] == "success"
    record = stored(bucket, RECORD)
    assert record["complete"] is False
    assert "2 products were read, Shopify counts 3" in record["doubt"]


def test_an_upload_that_fails_is_told_and_logged(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, wire: Wire, log: Log
) -> None:
    wire.next_writes("request lost", 3, key=SNAPSHOT)
    body = functions.login().body
    assert body["webhook_test"] == body["polling_test"] == SUCCESS
    assert body["upload_status_result"]["status"] == "failed"
    assert "check SPACES_REGION (and SPACES_ENDPOINT)" in body["upload_status_result"]["message"]
    assert "Failed to upload to Spaces: " in log.text


def test_a_record_that_cannot_be_written_is_no_failed_upload(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space, wire: Wire, log: Log
) -> None:
    wire.next_writes("request lost", 3, key=RECORD)
    assert functions.login("code-1").body["upload_status_result"]["status"] == "success"
    assert "The freshness record could not be written" in log.text
    snapshot = stored(bucket, SNAPSHOT)
    functions.login("code-2")
    assert stored(bucket, RECORD)["changedAt"] == snapshot["data"]["extensions"]["readAt"]


def test_a_snapshot_from_a_clock_that_is_wrong_is_replaced(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space
) -> None:
    functions.login("code-1")
    found = bucket.read(SNAPSHOT)
    assert found
    future = {**found.metadata, "content-hash": "sha256:other", "read-at": "2999-01-01T00:00:00.000Z"}
    bucket.put(SNAPSHOT, found.body, metadata=future)
    assert functions.login("code-2").body["upload_status_result"]["message"] == "Uploaded."


def test_reading_that_was_overtaken_leaves_the_later_one_and_its_record(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space
) -> None:
    functions.login("code-1")
    found, record = bucket.read(SNAPSHOT), bucket.read(RECORD)
    assert found
    moment = datetime.fromisoformat(found.metadata["read-at"]) + timedelta(minutes=20)
    read_at = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    later = {**found.metadata, "content-hash": "sha256:other", "read-at": read_at}
    bucket.put(SNAPSHOT, found.body, metadata=later)
    body = functions.login("code-2").body
    assert body["upload_status_result"]["status"] == "success"
    assert "a later reading" in body["upload_status_result"]["message"]
    assert bucket.read(RECORD) == record


def test_failure_that_cannot_even_be_noted_does_not_hide_the_first(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, wire: Wire, log: Log
) -> None:
    shopify.fails["Products"] = reply({"data": None})
    wire.next_writes("request lost", 3, key=RECORD)
    answer = functions.login()
    assert answer.status == 200
    assert "no data" in answer.body["polling_test"]["message"]
    assert "Failed to upload to Spaces: Spaces cannot be reached" in log.text


def test_existing_data_that_cannot_be_fetched_is_told_and_logged(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = Space.head

    def failing(self: Space, key: str, **options: Any) -> Any:
        return self._raise(Exception(), "", None) if key == SNAPSHOT else head(self, key, **options)

    monkeypatch.setattr(Space, "head", failing)
    assert functions.login().body["upload_status_result"]["status"] == "failed"
    assert "Failed to fetch existing data: Spaces cannot be reached" in log.text


def test_the_page_shows_which_part_failed_and_why(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces
) -> None:
    places.deliver = lambda _: (401, {}, "")
    page = functions.login(headers=HTML)
    assert page.status == 200
    assert f"<h1>{SHOP} is connected, but not all is well</h1>" in page.body
    assert page.body.count("<span class='badge failed'>failed</span>") == 2
    assert page.body.count("<span class='badge success'>success</span>") == 1
    assert "another SHOPIFY_API_SECRET than the callback" in page.body


def test_the_page_shows_a_reading_that_failed(functions: Functions, shopify: ShopifyStub, places: WebPlaces) -> None:
    shopify.fails["Counts"] = reply({}, 401)
    page = functions.login(headers=HTML)
    assert "<span class='badge error'>error</span>" in page.body


def broken_inbox(functions: Functions, request: Any) -> HTTP:
    good = functions.environment["SPACES_BUCKET"]
    functions.environment["SPACES_BUCKET"] = "there-is-none"
    try:
        return functions.deliver(request)
    finally:
        functions.environment["SPACES_BUCKET"] = good


def raised(error: Exception) -> Any:
    raise error


def stored(space: Space, key: str) -> Any:
    found = space.read(key)
    assert found is not None
    return json.loads(found.body)
