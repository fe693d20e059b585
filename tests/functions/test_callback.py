"""shopify/callback when all goes well: what the owner sees, and what lies in the bucket afterwards."""

import base64
import hashlib
import hmac
import json
from html import unescape
from typing import Any

import pytest

from stockroom import settings
from stockroom.shopify import tokens
from stockroom.shopify.events import TOPICS
from stockroom.space import Space
from stockroom.vault import Vault
from tests.functions.conftest import Clock, Functions, Log, assert_no_secret
from tests.functions.environment import API_SECRET, SHOP, WEBHOOK_ADDRESS
from tests.functions.invoke import HTML
from tests.functions.shopify_stub import ALL_SCOPES, ShopifyStub, WebPlaces, collection, product
from tests.storage.s3_server import S3Server, fresh_bucket
from tests.storage.wire import Wire

SNAPSHOT, RECORD = f"{SHOP}/shopify_data.json", f"{SHOP}/freshness.json"
TOKENS = f".stockroom/tokens/shopify/{SHOP}.json"

pytestmark = pytest.mark.usefixtures("places")


def test_the_answer_has_the_contracts_shape(functions: Functions, shopify: ShopifyStub) -> None:
    answer = functions.login()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json; charset=utf-8")
    assert {name: answer.body[name] for name in answer.body if name != "shopify_data"} == {
        "token_data": {"access_token": f"shpat_••••••{shopify.access_token[-4:]}", "scope": ALL_SCOPES},
        "webhook_test": {"status": "success"},
        "polling_test": {"status": "success"},
        "upload_status_result": {"status": "success", "message": "Uploaded."},
    }
    assert answer.body["shopify_data"].keys() == {"data"}
    data = answer.body["shopify_data"]["data"]
    assert {"shop", "products", "codeDiscountNodes", "collections", "extensions"} <= data.keys()
    assert data["shop"]["name"] == shopify.shop["name"]
    assert [node["discount"]["title"] for node in data["codeDiscountNodes"]["nodes"]] == ["Discount 1"]


def test_the_object_in_the_bucket_equals_what_is_shown(
    functions: Functions, shopify: ShopifyStub, bucket: Space
) -> None:
    shopify.products = [product(number, variants=300 if number == 1 else 1) for number in range(1, 121)]
    shown = functions.login().body["shopify_data"]
    assert stored(bucket, SNAPSHOT) == shown
    nodes = shown["data"]["products"]["nodes"]
    assert [node["id"] for node in nodes] == [node["id"] for node in shopify.products]
    assert nodes[0]["variants"] == {"nodes": [strip(node) for node in shopify.products[0]["variants"]]}
    counts = {"products": 120, "variants": 419, "codeDiscounts": 1, "automaticDiscounts": 1, "collections": 1}
    assert shown["data"]["extensions"]["counts"] == counts


def test_nothing_but_snapshot_record_tokens_and_used_state_is_left(
    functions: Functions, shopify: ShopifyStub, bucket: Space
) -> None:
    login = functions.begin()
    login.approve()
    spent, *others = sorted(keys(bucket), key=lambda key: "/used/" not in key)
    assert spent.startswith(".stockroom/used/")
    assert set(others) == {SNAPSHOT, RECORD, TOKENS}


def test_the_record_says_that_the_data_is_fresh_and_complete(
    functions: Functions, shopify: ShopifyStub, bucket: Space
) -> None:
    shown = functions.login().body["shopify_data"]["data"]["extensions"]
    record = stored(bucket, RECORD)
    assert (record["complete"], record["lastError"], record["counts"]) == (True, None, shown["counts"])
    assert record["checkedAt"] == record["changedAt"] == shown["readAt"]


def test_a_second_login_with_unchanged_data_uploads_nothing_and_says_so(
    functions: Functions, shopify: ShopifyStub, bucket: Space, wire: Wire, log: Log, clock: Clock
) -> None:
    first = functions.login("code-1")
    clock.advance(60)
    wire.requests.clear()
    second = functions.login("code-2")
    assert second.body["upload_status_result"] == {"status": "success", "message": "No upload needed: Data unchanged"}
    assert f"HEAD {SNAPSHOT}" in wire.requests
    assert f"PUT {SNAPSHOT}" not in wire.requests
    assert "No upload needed: Data unchanged" in log.text
    assert second.body["shopify_data"] == first.body["shopify_data"] == stored(bucket, SNAPSHOT)


def test_a_second_login_with_changed_data_replaces_the_snapshot(
    functions: Functions, shopify: ShopifyStub, bucket: Space, clock: Clock
) -> None:
    functions.login("code-1")
    clock.advance(60)
    shopify.products.append(product(4))
    second = functions.login("code-2")
    assert second.body["upload_status_result"] == {"status": "success", "message": "Uploaded."}
    assert stored(bucket, SNAPSHOT) == second.body["shopify_data"]


def test_the_tokens_are_sealed_and_shown_nowhere(
    functions: Functions, shopify: ShopifyStub, bucket: Space, log: Log, clock: Clock
) -> None:
    answer = functions.login()
    vault = Vault(bucket, settings.token_keys(functions.environment))
    kept = tokens.load(vault, SHOP, clock())
    assert [kept.access_token, kept.refresh_token] == shopify.issued
    for key in keys(bucket):
        found = bucket.read(key)
        assert found is not None
        assert_no_secret(found.body.decode() + str(found.metadata), *shopify.issued, "code-1")
    assert_no_secret(answer.text + log.text, *shopify.issued, "code-1")


def test_each_subscription_is_made_once(functions: Functions, shopify: ShopifyStub) -> None:
    functions.login("code-1")
    made = [(item["topic"], item["uri"], item["format"]) for item in shopify.subscriptions]
    assert made == [(topic, WEBHOOK_ADDRESS, "JSON") for topic in TOPICS]
    functions.login("code-2")
    assert len(shopify.subscriptions) == len(TOPICS)


def test_a_signed_event_of_our_own_goes_to_the_inbox_and_is_taken_out(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space, log: Log
) -> None:
    kept: list[str] = []

    def deliver(request: Any) -> Any:
        answer = functions.deliver(request)
        kept.extend(key for key in keys(bucket) if "/inbox/" in key)
        return answer

    places.deliver = deliver
    functions.login()
    (delivery,) = places.deliveries
    signature = base64.b64encode(hmac.digest(API_SECRET.encode(), delivery.body, hashlib.sha256)).decode()
    assert delivery.headers["x-shopify-hmac-sha256"] == signature
    assert kept == [f".stockroom/inbox/shopify/{SHOP}/{delivery.headers['x-shopify-webhook-id']}"]
    assert not [key for key in keys(bucket) if "/inbox/" in key]
    assert "Webhook test result: HTTP 200" in log.text


def test_reloading_the_result_says_that_the_login_is_done(functions: Functions, shopify: ShopifyStub) -> None:
    """The browser keeps the cookie until it runs out: without it the reload would look like another browser's."""
    login = functions.begin()
    first = login.approve()
    assert "set-cookie" not in first.headers
    again = login.approve()
    assert again.status == 409
    assert "has been completed already" in again.message


def test_two_tabs_at_once_both_finish(functions: Functions, shopify: ShopifyStub) -> None:
    one, other = functions.begin(), functions.begin()
    assert one.cookie.partition("=")[0] != other.cookie.partition("=")[0]
    browser = {"cookie": f"{one.cookie}; theme=dark; {other.cookie}"}
    assert other.arrive(other.callback_query("code-2"), browser).status == 200
    assert one.arrive(one.callback_query("code-1"), browser).status == 200


def test_private_state_lies_in_a_bucket_of_its_own_if_there_is_one(
    functions: Functions, shopify: ShopifyStub, bucket: Space, moto: S3Server
) -> None:
    with fresh_bucket(moto, "stockroom-private") as name:
        functions.environment["SPACES_PRIVATE_BUCKET"] = name
        private = Space(settings.spaces(functions.environment), private=True)
        assert functions.login().body["upload_status_result"]["status"] == "success"
        assert set(keys(bucket)) == {SNAPSHOT, RECORD}
        assert all(key.startswith(".stockroom/") for key in keys(private))
        assert TOKENS in keys(private)


def test_a_browser_gets_a_page_with_a_badge_for_each_part(functions: Functions, shopify: ShopifyStub) -> None:
    answer = functions.login(headers=HTML)
    assert (answer.status, answer.is_page) == (200, True)
    assert answer.body.count("<span class='badge success'>success</span>") == 3
    assert f"<h1>{SHOP} is connected</h1>" in answer.body
    assert "<dt>Products</dt><dd>3</dd>" in answer.body
    assert_no_secret(answer.text, *shopify.issued, "code-1")


def test_the_page_shows_the_very_json_that_a_program_gets(functions: Functions, shopify: ShopifyStub) -> None:
    page = functions.login("code-1", headers=HTML)
    shown = json.loads(unescape(page.body.partition("<pre>")[2].partition("</pre>")[0]))
    told = functions.login("code-2").body
    assert shown["shopify_data"] == told["shopify_data"]
    assert shown.keys() == told.keys()


def test_nothing_in_a_shop_becomes_part_of_the_page(functions: Functions, shopify: ShopifyStub) -> None:
    shopify.shop["name"] = "</pre><script>alert(1)</script>"
    page = functions.login(headers=HTML)
    assert "<script" not in page.body
    assert "script-src" not in page.headers["content-security-policy"]  # so default-src 'none' forbids them all


@pytest.mark.parametrize(
    ("begun_with", "arrived_with", "accept", "is_page"),
    [
        ("", "", "text/html", True),
        ("", "", "*/*", False),
        ("", "", "application/json", False),
        ("", "json", "text/html", False),
        ("", "page", "*/*", True),
        ("format=json", "", "text/html", False),
        ("format=page", "", "*/*", True),
        ("format=json", "page", "text/html", True),
        ("format=anything", "", "text/html", True),
    ],
)
def test_the_form_is_what_was_asked_for_last_or_what_the_browser_likes(
    functions: Functions, shopify: ShopifyStub, begun_with: str, arrived_with: str, accept: str, *, is_page: bool
) -> None:
    login = functions.begin(query=begun_with)
    query = login.callback_query() + ([("format", arrived_with)] if arrived_with else [])
    answer = login.arrive(query, {"accept": accept})
    assert (answer.status, answer.is_page) == (200, is_page)


def test_half_a_character_in_a_text_does_no_harm(functions: Functions, shopify: ShopifyStub, bucket: Space) -> None:
    """Some program cut a title in the middle of an emoji; no UTF-8 can hold what is left."""
    shopify.collections = [collection(1, [1]) | {"title": "Cheese \ud83e"}]
    shown = functions.login().body["shopify_data"]
    assert shown["data"]["collections"]["nodes"][0]["title"] == "Cheese ?"
    assert stored(bucket, SNAPSHOT) == shown


def test_while_the_secret_rotates_shopify_may_sign_with_the_old_one(functions: Functions, shopify: ShopifyStub) -> None:
    login = functions.begin()
    query = login.callback_query()
    shopify.secret = "shpss_next-secret-of-the-app"
    functions.environment |= {"SHOPIFY_API_SECRET": shopify.secret, "SHOPIFY_API_SECRET_OLD": API_SECRET}
    assert login.arrive(query).status == 200


def stored(space: Space, key: str) -> Any:
    """An object's JSON, which has to be clean UTF-8."""
    found = space.read(key)
    assert found is not None
    return json.loads(found.body.decode())


def keys(space: Space) -> list[str]:
    return [entry.key for entry in space.list("")]


def strip(node: dict[str, Any]) -> dict[str, Any]:
    """A node as the snapshot holds it: what only served to turn pages is gone."""
    kept = {name: strip(value) if isinstance(value, dict) else value for name, value in node.items()}
    kept.pop("pageInfo", None)
    return kept
