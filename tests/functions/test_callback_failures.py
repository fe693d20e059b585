"""shopify/callback when Shopify does not hand the token over, or the bucket is not to be had: nothing half done."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from stockroom import settings
from stockroom.space import Space
from tests.ceph.rados_gateway import RadosGateway, free_ports
from tests.functions.conftest import Functions, Log, assert_no_secret
from tests.functions.environment import SHOP
from tests.functions.shopify_stub import ShopifyStub, reply
from tests.storage.s3_server import S3Server, ceph_server, fresh_bucket
from tests.storage.wire import Wire

pytestmark = pytest.mark.usefixtures("places")

TOKENS = f".stockroom/tokens/shopify/{SHOP}.json"
HTML_PAGE = (200, {"content-type": "text/html"}, "<!doctype html><title>Sorry</title>")


@pytest.fixture(params=["application/json", "text/html"])
def accept(request: pytest.FixtureRequest) -> dict[str, str]:
    """Every failure is proved in both forms."""
    return {"accept": request.param}


@pytest.mark.parametrize(
    ("failure", "status", "cause", "fix"),
    [
        (reply({"error": "invalid_request"}, 400), 400, "code: it has been used already or has expired", "start again"),
        (reply({"error": "invalid_client"}, 400), 500, "credentials", "SHOPIFY_API_KEY and SHOPIFY_API_SECRET"),
        (reply({}, 401), 500, "credentials", "SHOPIFY_API_KEY and SHOPIFY_API_SECRET"),
        ((403, {}, "<h1>Forbidden</h1>"), 502, "HTTP 403", "start again"),
        ((404, {}, "<h1>Not found</h1>"), 502, "HTTP 404", "start again"),
        (reply({}, 429), 503, "asked too often", "wait a minute"),
        (reply({}, 500), 502, "HTTP 500", "start again"),
        ((503, {}, "<h1>Sorry</h1>"), 502, "HTTP 503", "start again"),
        ((302, {"location": "https://evil.org/"}, ""), 502, "HTTP 302", "start again"),
        (HTML_PAGE, 502, "no token pair", "start again"),
        ((200, {}, ""), 502, "no token pair", "start again"),
        (reply([]), 502, "no token pair", "start again"),
        (reply(None), 502, "no token pair", "start again"),
        (reply({"scope": "read_products"}), 502, "no token pair", "start again"),
        (reply({"access_token": "", "scope": ""}), 502, "no token pair", "start again"),
        (reply({"access_token": {"shpat": 1}, "scope": ""}), 502, "no token pair", "start again"),
        (reply({"access_token": "shpat_1", "scope": "", "expires_in": -1}), 502, "no token pair", "start again"),
        (requests.ConnectTimeout(), 504, "did not answer in time", "start again"),
        (requests.ReadTimeout(), 504, "did not answer in time", "start again"),
        (requests.ConnectionError("unknown host"), 502, "cannot be reached", "start again"),
        (requests.exceptions.SSLError(), 502, "cannot be reached", "start again"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_without_a_token_nothing_is_kept_but_that_the_state_is_used(
    functions: Functions,
    shopify: ShopifyStub,
    bucket: Space,
    accept: dict[str, str],
    *,
    failure: Any,
    status: int,
    cause: str,
    fix: str,
) -> None:
    shopify.fails["token"] = failure
    answer = functions.login(headers=accept)
    assert answer.status == status
    assert cause in answer.message
    assert fix in answer.message
    assert shopify.asked == ["token"]  # once: a code is good once
    assert only_the_state_is_used(bucket)
    assert_no_secret(answer.text, "code-1", "shpat_1")


def test_a_wait_is_told_to_programs_too(functions: Functions, shopify: ShopifyStub) -> None:
    shopify.fails["token"] = reply({}, 429)
    assert functions.login().headers["retry-after"] == "60"


def test_a_code_that_was_used_before_is_refused(
    functions: Functions, shopify: ShopifyStub, bucket: Space, accept: dict[str, str]
) -> None:
    """In a login of its own, as if someone had read it from the browser's history."""
    functions.login("code-1")
    before = bucket.read(TOKENS)
    answer = functions.login("code-1", headers=accept)
    assert answer.status == 400
    assert "used already" in answer.message
    assert bucket.read(TOKENS) == before


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        ("read_products,read_inventory,read_locations", "read_discounts"),
        ("read_products", "read_inventory, read_locations, read_discounts"),
        ("", "read_products, read_inventory, read_locations, read_discounts"),
        ("read_products_all,read_inventory,read_locations,read_discounts", "read_products"),
    ],
)
def test_with_fewer_scopes_than_asked_nothing_is_kept(
    functions: Functions, shopify: ShopifyStub, bucket: Space, accept: dict[str, str], granted: str, missing: str
) -> None:
    shopify.scope = granted
    answer = functions.login(headers=accept)
    assert answer.status == 403
    assert f"Without {missing} " in answer.message
    assert "log in again and grant all" in answer.message
    assert shopify.asked == ["token"]
    assert only_the_state_is_used(bucket)
    assert_no_secret(answer.text, *shopify.issued)


def test_a_scope_to_write_covers_the_one_to_read(functions: Functions, shopify: ShopifyStub) -> None:
    """Shopify leaves the lesser one out of its list."""
    shopify.scope = "write_products, write_inventory,read_locations,read_discounts,read_themes"
    assert functions.login().status == 200


def missing_bucket(environment: dict[str, str]) -> tuple[int, str]:
    environment["SPACES_BUCKET"] = "there-is-none"
    return 500, "bucket there-is-none does not exist in nyc3: check SPACES_BUCKET and SPACES_REGION"


def missing_private_bucket(environment: dict[str, str]) -> tuple[int, str]:
    environment["SPACES_PRIVATE_BUCKET"] = "there-is-none"
    return 500, "bucket there-is-none does not exist in nyc3: check SPACES_PRIVATE_BUCKET"


def nobody_there(environment: dict[str, str]) -> tuple[int, str]:
    environment["SPACES_ENDPOINT"] = f"http://127.0.0.1:{free_ports(1)[0]}"
    return 503, "check SPACES_REGION (and SPACES_ENDPOINT), or try again"


@pytest.mark.parametrize("spoil", [missing_bucket, missing_private_bucket, nobody_there])
def test_without_a_bucket_the_code_is_not_even_traded(
    functions: Functions,
    shopify: ShopifyStub,
    bucket: Space,
    accept: dict[str, str],
    spoil: Callable[[dict[str, str]], tuple[int, str]],
) -> None:
    status, message = spoil(functions.environment)
    answer = functions.login(headers=accept)
    assert answer.status == status
    assert message in answer.message
    assert shopify.asked == []
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text, "code-1")


@pytest.fixture
def real_store(ceph: RadosGateway, functions: Functions) -> S3Server:
    """A store that checks who is asking, as moto does not."""
    server = ceph_server(ceph, "http")
    functions.environment |= {
        "SPACES_ENDPOINT": server.endpoint,
        "SPACES_ACCESS_KEY": server.access_key,
        "SPACES_SECRET_KEY": server.secret_key,
    }
    return server


def wrong_secret(environment: dict[str, str]) -> str:
    environment["SPACES_SECRET_KEY"] = "not-the-secret"
    return "SPACES_SECRET_KEY"


def unknown_key(environment: dict[str, str]) -> str:
    environment["SPACES_ACCESS_KEY"] = "not-the-key"
    return "SPACES_ACCESS_KEY"


@pytest.mark.ceph
@pytest.mark.parametrize("spoil", [wrong_secret, unknown_key])
def test_with_a_wrong_key_the_code_is_not_even_traded(
    functions: Functions,
    shopify: ShopifyStub,
    real_store: S3Server,
    accept: dict[str, str],
    spoil: Callable[[dict[str, str]], str],
) -> None:
    variable = spoil(functions.environment)
    with fresh_bucket(real_store, functions.environment["SPACES_BUCKET"]):
        answer = functions.login(headers=accept)
    assert answer.status == 500
    assert f"check {variable}" in answer.message
    assert shopify.asked == []
    assert_no_secret(answer.text, "code-1", real_store.secret_key, "not-the-secret")


@pytest.mark.ceph
def test_with_a_bucket_that_may_only_be_read_the_code_is_not_even_traded(
    functions: Functions, shopify: ShopifyStub, real_store: S3Server, accept: dict[str, str]
) -> None:
    name = functions.environment["SPACES_BUCKET"]
    forbidden = {
        "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/*"
    }  # fmt: skip
    policy = json.dumps({"Version": "2012-10-17", "Statement": [forbidden]})
    with fresh_bucket(real_store, name):
        real_store.careful_client().put_bucket_policy(Bucket=name, Policy=policy)
        answer = functions.login(headers=accept)
        assert list(Space(settings.spaces(functions.environment)).list("")) == []
    assert answer.status == 500
    assert f"denies access to {name}: let the key in SPACES_ACCESS_KEY read, write and delete" in answer.message
    assert shopify.asked == []


@pytest.mark.ceph
def test_on_the_real_store_all_goes_well(functions: Functions, shopify: ShopifyStub, real_store: S3Server) -> None:
    with fresh_bucket(real_store, functions.environment["SPACES_BUCKET"]):
        first, second = functions.login("code-1").body, functions.login("code-2").body
        found = Space(settings.spaces(functions.environment)).read(f"{SHOP}/shopify_data.json")
    assert found is not None
    assert json.loads(found.body) == first["shopify_data"]
    assert first["upload_status_result"]["message"] == "Uploaded."
    assert second["upload_status_result"]["message"] == "No upload needed: Data unchanged"


def test_tokens_that_cannot_be_stored_are_not_used(
    functions: Functions, shopify: ShopifyStub, bucket: Space, wire: Wire, accept: dict[str, str]
) -> None:
    wire.next_writes("request lost", 3, key=TOKENS)
    answer = functions.login(headers=accept)
    assert answer.status == 503
    assert "cannot be reached" in answer.message
    assert shopify.asked == ["token"]
    assert only_the_state_is_used(bucket)
    assert_no_secret(answer.text, *shopify.issued, "code-1")


def test_a_failure_nobody_thought_of_is_logged_and_not_shown(
    functions: Functions, shopify: ShopifyStub, log: Log, accept: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stockroom.shopify.callback.connect", lambda *_: 1 / 0)
    answer = functions.login(headers=accept)
    assert answer.status == 500
    assert answer.message == "Something went wrong inside Stockroom; its log has the details."
    assert "ZeroDivisionError" in log.text
    assert_no_secret(answer.text + log.text, *shopify.issued, "code-1")


def only_the_state_is_used(bucket: Space) -> bool:
    (key,) = [entry.key for entry in bucket.list("")]
    return key.startswith(".stockroom/used/")
