"""What each function says when it is not set up: which variable, what is wrong, where to get it right."""

import re
from collections.abc import Callable, Iterable

import pytest
import responses

from stockroom.space import Space
from tests.functions.conftest import Functions, assert_no_secret
from tests.functions.environment import OPTIONAL
from tests.functions.facebook_sandbox import FacebookSandbox
from tests.functions.invoke import Answer, variables
from tests.functions.shopify_stub import ShopifyStub, WebPlaces

WEB = (
    "shopify/login",
    "shopify/callback",
    "shopify/webhook",
    "facebook/login",
    "facebook/callback",
    "facebook/webhook",
    "facebook/deauthorize",
    "facebook/deletion",
)
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
    "FACEBOOK_REDIRECT_URI": ADDRESSES,
    "FACEBOOK_WEBHOOK_ADDRESS": ADDRESSES,
    "FACEBOOK_REPLACES_WEBHOOK": ("callback", "ftp://shop.example/webhook", "https://"),
    "FACEBOOK_APP_ID": ("app", "12", "1234567890123456x", "١٢٣٤٥٦"),
    "FACEBOOK_CONFIG_ID": ("config", "-1"),
    "FACEBOOK_VERIFY_TOKEN": ("too-short", "x" * 31),
    "FACEBOOK_API_VERSION": ("26.0", "v26", "latest", "v26.0\nx"),
    "FACEBOOK_SCOPES": ("pages show list", "email;x", "A", ","),
    "FACEBOOK_SANDBOX_URL": ("https://sandbox.example", "localhost:5003", "http://localhost.evil.org"),
    "STATE_TOKEN_SECRET": ("too-short", "x" * 31),
    "TOKEN_KEYS": ("2026-11", f":{GOOD_KEY}", "k:dG9vIHNob3J0", "k:not base64", f"k:{GOOD_KEY},k:{GOOD_KEY}"),
    "FUNCTIONS_ACCESS_KEY": ("only-the-secret", "the-name:", ":the-secret"),
    "SPACES_BUCKET": ("A", "my_bucket", "my.bucket", "-x-", "x" * 64, "../x"),
    "SPACES_PRIVATE_BUCKET": ("A", "my_bucket"),
    "SPACES_REGION": ("us-east-1", "nyc", "nyc3.evil.org/"),
    "SPACES_ENDPOINT": ("spaces", "ftp://x", "https://"),
}
SECRET = {"FACEBOOK_VERIFY_TOKEN", "STATE_TOKEN_SECRET", "TOKEN_KEYS", "FUNCTIONS_ACCESS_KEY"}


POSTED = {"shopify/webhook", "facebook/webhook", "facebook/deauthorize", "facebook/deletion"}


def called(functions: Functions, function: str, accept: str, variable: str = "") -> Answer:
    """Called by nobody in particular: what is set up wrong is told before anything else is looked at."""
    handshake = function == "facebook/webhook" and variable == "FACEBOOK_VERIFY_TOKEN"
    method = "POST" if function in POSTED and not handshake else "GET"
    path = "/acme" if function == "shopify/login" else ""
    return functions.web(function, method=method, path=path, headers={"accept": accept})


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("value", ["none", None])
@pytest.mark.parametrize(
    ("function", "name"),
    [(function, name) for function in WEB for name in sorted(variables(function) - OPTIONAL)],
)
def test_a_variable_that_is_missing_is_named(
    functions: Functions,
    web: responses.RequestsMock,
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
    answer = called(functions, function, accept, name)
    assert answer.status == 500
    assert re.match(rf"{name} is missing: .*, put it into \.env and deploy again\.", answer.message)
    assert len(web.calls) == 0
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text)


@pytest.mark.parametrize(
    ("function", "name", "value"),
    [
        (function, name, value)
        for function in WEB
        for name in sorted(variables(function) & MALFORMED.keys())
        for value in MALFORMED[name]
    ],
)
def test_a_variable_that_is_malformed_is_named_and_no_secret_shown(
    functions: Functions, web: responses.RequestsMock, function: str, name: str, value: str
) -> None:
    functions.environment[name] = value
    answer = called(functions, function, "application/json", name)
    assert answer.status == 500
    assert answer.message.startswith(f"{name} ")
    assert re.search(r": .+\.$", answer.message)
    assert name not in SECRET or value not in answer.text
    assert len(web.calls) == 0


def test_all_that_is_missing_is_told_at_once(functions: Functions) -> None:
    for name in ("SHOPIFY_API_KEY", "SHOPIFY_API_SECRET", "SHOPIFY_REDIRECT_URI"):
        functions.environment[name] = ""
    message = called(functions, "shopify/login", "application/json").message
    assert message.count(" is missing: ") == 3


@pytest.mark.parametrize("name", sorted(OPTIONAL - {"SPACES_ENDPOINT"}))
@pytest.mark.parametrize("value", ["none", "", None])
def test_what_is_optional_may_be_left_out(
    functions: Functions,
    shopify: ShopifyStub,
    facebook: FacebookSandbox,
    places: WebPlaces,
    *,
    name: str,
    value: str | None,
) -> None:
    if value is None:
        del functions.environment[name]
    else:
        functions.environment[name] = value
    logins: dict[str, Callable[[], Answer]] = {"shopify/callback": functions.login, "facebook/callback": facebook.login}
    tried = [login for function, login in logins.items() if name in variables(function)]
    assert tried
    assert [login().status for login in tried] == [200] * len(tried)


@pytest.mark.parametrize("function", WEB)
def test_a_call_that_is_no_web_call_is_refused(functions: Functions, function: str) -> None:
    """As if somebody invoked it through the platform's API."""
    answer = functions.raw(function, {"source": "shopify/acme.myshopify.com"})
    assert answer.status == 400
    assert "answers web calls only" in answer.message
