"""shopify/login: from a shop's name to its consent page."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, assert_no_secret, cookie_attributes, signed
from tests.functions.environment import API_KEY, HOST, OLD_API_SECRET, REDIRECT_URI, SHOP
from tests.functions.invoke import HTML, Answer
from tests.functions.shopify_stub import ALL_SCOPES

CONSENT = f"https://{SHOP}/admin/oauth/authorize"
FORMS = pytest.mark.parametrize("accept", ["application/json", "text/html"])


def target(answer: Answer) -> str:
    location: str = answer.headers["location"]
    return location.partition("?")[0]


def test_the_owner_is_sent_to_the_shops_consent_page(functions: Functions) -> None:
    answer = functions.web("login", path=f"/{SHOP}")
    query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    assert (answer.status, target(answer)) == (303, CONSENT)
    assert query.pop("state")
    assert query == {"client_id": API_KEY, "scope": ALL_SCOPES, "redirect_uri": REDIRECT_URI}
    assert_no_secret(answer.text)


def test_the_cookie_is_for_the_callback_alone_and_out_of_reach_of_scripts(functions: Functions) -> None:
    (header,) = functions.web("login", path="/acme").headers["set-cookie"]
    assert cookie_attributes(header) == {
        "path": urlsplit(REDIRECT_URI).path,
        "max-age": "600",
        "httponly": True,
        "samesite": "Lax",
        "secure": True,
    }


def test_the_state_does_not_tell_the_cookie(functions: Functions) -> None:
    login = functions.begin()
    assert login.cookie.partition("=")[2] not in login.answer.headers["location"]


def test_on_ones_own_machine_the_cookie_goes_over_plain_http(functions: Functions) -> None:
    functions.environment["SHOPIFY_REDIRECT_URI"] = "http://localhost:5000/shopify/callback"
    (header,) = functions.web("login", path="/acme").headers["set-cookie"]
    assert "secure" not in cookie_attributes(header)
    assert cookie_attributes(header)["path"] == "/shopify/callback"


def test_the_sandbox_takes_the_place_of_shopify(functions: Functions) -> None:
    functions.environment["SHOPIFY_SANDBOX_URL"] = "http://localhost:5001"
    answer = functions.web("login", path="/acme")
    assert target(answer) == f"http://localhost:5001/{SHOP}/admin/oauth/authorize"


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/acme"},
        {"path": "/acme/"},
        {"path": f"/{SHOP}"},
        {"path": "/ACME.MyShopify.com"},
        {"query": "shop=acme"},
        {"query": f"shop={SHOP}&format=json"},
        {"path": "/", "query": "shop=Acme"},
    ],
)
def test_a_shop_may_be_named_in_several_ways(functions: Functions, request_: dict[str, str]) -> None:
    assert target(functions.web("login", **request_)) == CONSENT


@FORMS
@pytest.mark.parametrize(
    "name",
    [
        "acme.myshopify.com.evil.org",
        "evil.org",
        "evil.org/acme.myshopify.com",
        "acme.myshopify.com@evil.org",
        "evil.org?acme.myshopify.com",
        "evil.org#.myshopify.com",
        "acme.myshopify.com:8443",
        "acme.myshopify.com\n",
        "acme\r\nlocation: https://evil.org",
        "acme\x00",
        " acme",
        "-acme",
        "a" * 64,
        "äcme",
        "\u212aiosk",  # a Kelvin sign, whose lower case is an ordinary k
        "аcme",  # noqa: RUF001 - Cyrillic, as an impostor would have it
        "acme。myshopify。com",
        "acme.myshopify.com.myshopify.com",
        "acme_shop",
        "<script>alert(1)</script>",
        "acme/admin",
        "..",
    ],
)
def test_nobody_is_sent_to_anything_but_a_shop(functions: Functions, bucket: Space, name: str, accept: str) -> None:
    answer = functions.web("login", query=[("shop", name)], headers={"accept": accept})
    assert answer.status == 400
    assert answer.message == "That is not the name of a shop: it should look like acme or acme.myshopify.com."
    assert not {"location", "set-cookie"} & answer.headers.keys()
    assert list(bucket.list("")) == []


@pytest.mark.parametrize(
    "path", ["/acme.myshopify.com.evil.org", "/acme%0a", "/acme/evil.org", "//evil.org", "/%61cme"]
)
def test_a_path_is_read_as_strictly(functions: Functions, path: str) -> None:
    assert functions.web("login", path=path).status == 400


def test_without_a_name_a_program_is_told_the_address(functions: Functions) -> None:
    answer = functions.web("login")
    assert answer.status == 400
    assert "call /shopify/<shop>/login" in answer.message


def test_without_a_name_a_person_is_asked_for_one(functions: Functions) -> None:
    answer = functions.web("login", headers=HTML)
    assert (answer.status, answer.is_page) == (200, True)
    assert "<form method=get><input name=shop" in answer.body
    assert "form-action 'self' https:" in answer.headers["content-security-policy"]


def entry(clock: Clock, **changes: str) -> dict[str, str]:
    """How Shopify opens the app: https://shopify.dev, authorization code grant."""
    return {"shop": SHOP, "host": "YWRtaW4", "timestamp": str(int(clock())), **changes}


def test_shopify_opens_the_app_by_a_signed_link(functions: Functions, clock: Clock) -> None:
    answer = functions.web("login", query=signed(entry(clock)))
    assert (answer.status, target(answer)) == (303, CONSENT)


def test_while_the_secret_rotates_a_link_may_be_signed_with_the_old_one(functions: Functions, clock: Clock) -> None:
    query = signed(entry(clock), OLD_API_SECRET)
    assert functions.web("login", query=query).status == 401
    functions.environment["SHOPIFY_API_SECRET_OLD"] = OLD_API_SECRET
    assert functions.web("login", query=query).status == 303


@FORMS
@pytest.mark.parametrize(
    ("tamper", "status", "cause"),
    [
        (lambda query: [("shop", "rival"), *query[1:]], 401, "not signed by Shopify"),
        (lambda query: [*query, ("locale", "de")], 401, "not signed by Shopify"),
        (lambda query: [*query[:-1], ("hmac", "0" * 64)], 401, "not signed by Shopify"),
        (lambda query: [*query[:-1], ("hmac", "")], 401, "not signed by Shopify"),
        (lambda query: [*query[:-1], ("hmac", "ä")], 401, "not signed by Shopify"),
        (lambda query: query[:-1], 401, "not signed by Shopify"),
        (lambda query: [*query, ("shop", "rival")], 400, "parameter shop is there more than once"),
        (lambda query: [*query, query[-1]], 400, "parameter hmac is there more than once"),
    ],
)
def test_a_link_that_shopify_did_not_make_is_refused(
    functions: Functions, clock: Clock, tamper: Any, status: int, cause: str, accept: str
) -> None:
    answer = functions.web("login", query=tamper(signed(entry(clock))), headers={"accept": accept})
    assert answer.status == status
    assert cause in answer.message
    assert not {"location", "set-cookie"} & answer.headers.keys()


@pytest.mark.parametrize("timestamp", ["-601", "601"])
def test_an_old_link_is_refused(functions: Functions, clock: Clock, timestamp: str) -> None:
    answer = functions.web("login", query=signed(entry(clock, timestamp=str(int(clock()) + int(timestamp)))))
    assert answer.status == 400
    assert "too old" in answer.message


@pytest.mark.parametrize("timestamp", ["", "soon", "1e9", "٣", "-1", "9" * 30])
def test_a_link_without_a_proper_time_is_refused(functions: Functions, clock: Clock, timestamp: str) -> None:
    assert functions.web("login", query=signed(entry(clock, timestamp=timestamp))).status == 400


def test_inside_shopifys_admin_a_page_leads_out_of_the_frame(functions: Functions, clock: Clock) -> None:
    answer = functions.web("login", query=signed(entry(clock, embedded="1")), headers=HTML)
    assert (answer.status, answer.is_page) == (200, True)
    assert f"<a class=button href='{HOST}/shopify/login/{SHOP}' target=_top>" in answer.body
    policy = answer.headers["content-security-policy"]
    assert f"frame-ancestors https://{SHOP} https://admin.shopify.com" in policy
    assert "set-cookie" not in answer.headers


def test_no_other_page_may_be_put_into_a_frame(functions: Functions) -> None:
    for answer in (functions.web("login", headers=HTML), functions.web("login", path="/a_b", headers=HTML)):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@FORMS
@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_get_begins_a_login(functions: Functions, method: str, accept: str) -> None:
    answer = functions.web("login", method=method, path="/acme", headers={"accept": accept})
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
    assert answer.message == "This address answers GET only."


def test_a_flood_of_parameters_is_refused(functions: Functions) -> None:
    assert functions.web("login", path="/acme", query="&".join(["a=b"] * 101)).status == 400


def test_two_logins_have_nothing_in_common(functions: Functions) -> None:
    one, other = functions.begin(), functions.begin()
    assert one.state != other.state
    assert one.cookie != other.cookie
