"""What each function says when it is not set up: which variable, what is wrong, where to get it right."""

import re
from collections.abc import Iterable

import pytest

from stockroom.space import Space
from tests.functions.conftest import Functions, assert_no_secret
from tests.functions.environment import OPTIONAL
from tests.functions.invoke import Answer, variables
from tests.functions.shopify_stub import ShopifyStub, WebPlaces

WEB = ("login", "callback", "webhook")
ADDRESSES = (
    "callback",
    "ftp://shop.example/callback",
    "https://",
    "//shop.example",
    "http://shop.example/callback",
    "https://shop.example/callback?x=1",
    "https://shop.example/callback#x",
    "https://[::1",
    "https://user:password@shop.example/callback",
)
GOOD_KEY = "A" * 43 + "="

MALFORMED: dict[str, Iterable[str]] = {
    "SHOPIFY_REDIRECT_URI": ADDRESSES,
    "SHOPIFY_WEBHOOK_ADDRESS": ADDRESSES,
    "SHOPIFY_API_VERSION": ("2026", "2026-11", "latest", "unstable", "2026-10\nx"),
    "SHOPIFY_SANDBOX_URL": ("https://sandbox.example", "localhost:5001", "http://localhost.evil.org"),
    "STATE_TOKEN_SECRET": ("too-short", "x" * 31),
    "TOKEN_KEYS": ("2026-11", f":{GOOD_KEY}", "k:dG9vIHNob3J0", "k:not base64", f"k:{GOOD_KEY},k:{GOOD_KEY}"),
    "FUNCTIONS_ACCESS_KEY": ("only-the-secret", "the-name:", ":the-secret"),
    "SPACES_BUCKET": ("A", "my_bucket", "my.bucket", "-x-", "x" * 64, "../x"),
    "SPACES_PRIVATE_BUCKET": ("A", "my_bucket"),
    "SPACES_REGION": ("us-east-1", "nyc", "nyc3.evil.org/"),
    "SPACES_ENDPOINT": ("spaces", "ftp://x", "https://"),
}
SECRET = {"STATE_TOKEN_SECRET", "TOKEN_KEYS", "FUNCTIONS_ACCESS_KEY"}


def called(functions: Functions, function: str, accept: str) -> Answer:
    """Called by nobody in particular: what is set up wrong is told before anything else is looked at."""
    headers = {"accept": accept}
    method = "POST" if function == "webhook" else "GET"
    return functions.web(function, method=method, path="/acme" if function == "login" else "", headers=headers)


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("value", ["none", None])
@pytest.mark.parametrize(
    ("function", "name"),
    [(function, name) for function in WEB for name in sorted(variables(f"shopify/{function}") - OPTIONAL)],
)
def test_a_variable_that_is_missing_is_named(
    functions: Functions,
    shopify: ShopifyStub,
    bucket: Space,
    *,
    function: str,
    name: str,
    value: str | None,
    accept: str,
) -> None:
    if value is None:
        del functions.environment[name]
    else:
        functions.environment[name] = value
    answer = called(functions, function, accept)
    assert answer.status == 500
    assert re.match(rf"{name} is missing: .*, put it into \.env and deploy again\.", answer.message)
    assert shopify.asked == []
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text)


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        (function, name, value)
        for function in WEB
        for name in sorted(variables(f"shopify/{function}") & MALFORMED.keys())
        for value in MALFORMED[name]
    ],
)
def test_a_variable_that_is_malformed_is_named_and_no_secret_shown(
    functions: Functions, shopify: ShopifyStub, function: str, name: str, value: str
) -> None:
    functions.environment[name] = value
    answer = called(functions, function, "application/json")
    assert answer.status == 500
    assert answer.message.startswith(f"{name} ")
    assert re.search(r": .+\.$", answer.message)
    assert name not in SECRET or value not in answer.text
    assert shopify.asked == []


def test_all_that_is_missing_is_told_at_once(functions: Functions) -> None:
    for name in ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "SHOPIFY_REDIRECT_URI"):
        functions.environment[name] = ""
    message = called(functions, "login", "application/json").message
    assert message.count(" is missing: ") == 3


@pytest.mark.parametrize("name", sorted(OPTIONAL - {"SPACES_ENDPOINT"}))
@pytest.mark.parametrize("value", ["none", "", None])
def test_what_is_optional_may_be_left_out(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, name: str, value: str | None
) -> None:
    if value is None:
        del functions.environment[name]
    else:
        functions.environment[name] = value
    assert functions.login().status == 200


@pytest.mark.parametrize("function", WEB)
def test_a_call_that_is_no_web_call_is_refused(functions: Functions, function: str) -> None:
    """As if somebody invoked it through the platform's API."""
    answer = functions.raw(function, {"source": "shopify/acme.myshopify.com"})
    assert answer.status == 400
    assert "answers web calls only" in answer.message
