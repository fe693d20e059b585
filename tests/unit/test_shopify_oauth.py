from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
import requests
import responses
from responses import matchers

from stockroom import state
from stockroom.errors import (
    CallerError,
    OwnerError,
    ProviderBusy,
    ProviderError,
    SetupError,
    StockroomError,
    Unauthorised,
)
from stockroom.http import Request
from stockroom.settings import ShopifyApp
from stockroom.shopify import oauth
from stockroom.shopify.oauth import Arrival
from stockroom.signing import shopify_query_signature

SHOP = "acme.myshopify.com"
STATE_SECRET = "state-secret-of-more-than-32-characters"
NOW = 1_800_000_000
APP = ShopifyApp("client-id", ("shpss_new", "shpss_old"), "https://faas.example/shopify/callback", None)
TOKEN_URL = f"https://{SHOP}/admin/oauth/access_token"
PAIR = {
    "access_token": "shpat_0123456789abcdef",
    "scope": ",".join(oauth.SCOPES),
    "expires_in": 3600,
    "refresh_token": "shprt_0123456789abcdef",
    "refresh_token_expires_in": 7776000,
}

LOGIN, STATE_TEXT, COOKIE = state.begin(STATE_SECRET, oauth.PURPOSE, SHOP, NOW)
COOKIES = {"cookie": f"{LOGIN.cookie}={COOKIE}"}


def signed(secret: str = "shpss_new", *, headers: dict[str, str] | None = None, **parameters: str) -> Request:
    """A request as Shopify makes it."""
    pairs = tuple(parameters.items())
    query = (*pairs, ("hmac", shopify_query_signature(pairs, secret)))
    return Request(query=query, headers=COOKIES if headers is None else headers)


def callback(secret: str = "shpss_new", *, headers: dict[str, str] | None = None, **changes: str) -> Request:
    parameters = {"code": "c0de", "host": "YWRt", "shop": SHOP, "state": STATE_TEXT, "timestamp": str(NOW), **changes}
    return signed(secret, headers=headers, **{name: value for name, value in parameters.items() if value != "-"})


def checked(request: Request, now: float = NOW) -> Arrival:
    return oauth.check_callback(request, APP, STATE_SECRET, now)


def exchanged(**answer: Any) -> Any:
    """What comes of it when the token endpoint answers so."""
    with responses.RequestsMock() as web:
        web.post(TOKEN_URL, **answer)
        return oauth.exchange(APP, Arrival(SHOP, "c0de", LOGIN))


def refused(kind: type[StockroomError], **answer: Any) -> StockroomError:
    with pytest.raises(StockroomError) as caught:
        exchanged(**answer)
    assert type(caught.value) is kind
    for secret in ("shpss", "shpat", "shprt", "c0de", "client-id"):
        assert secret not in str(caught.value) + repr(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value


def test_owner_is_asked_for_every_scope_and_an_offline_token() -> None:
    url = urlsplit(oauth.consent_url(APP, SHOP, "st.ate"))
    assert (url.scheme, url.netloc, url.path) == ("https", SHOP, "/admin/oauth/authorize")
    assert parse_qs(url.query, strict_parsing=True) == {
        "client_id": ["client-id"],
        "scope": ["read_products,read_inventory,read_locations,read_discounts"],
        "redirect_uri": ["https://faas.example/shopify/callback"],
        "state": ["st.ate"],
    }


def test_consent_page_of_the_sandbox_is_on_this_machine() -> None:
    app = ShopifyApp("k", ("s",), "http://localhost:5000/c", "http://localhost:5001")
    assert oauth.consent_url(app, SHOP, "s").startswith(f"http://localhost:5001/{SHOP}/admin/oauth/authorize?")


def test_callback_that_passes_every_check() -> None:
    assert checked(callback()) == Arrival(SHOP, "c0de", LOGIN)


def test_callback_signed_with_the_old_secret_is_good_during_rotation() -> None:
    assert checked(callback("shpss_old")).code == "c0de"
    with pytest.raises(Unauthorised):
        checked(callback("shpss_older"))


def test_callback_with_a_value_that_has_spaces_is_good() -> None:
    assert checked(callback(custom="hello world")).code == "c0de"


def test_our_own_format_parameter_may_be_added_to_a_signed_address() -> None:
    request = callback()
    assert checked(Request(query=(*request.query, ("format", "json")), headers=request.headers)).code == "c0de"


def test_anything_else_added_to_a_signed_address_is_refused() -> None:
    request = callback()
    with pytest.raises(Unauthorised):
        checked(Request(query=(*request.query, ("x", "1")), headers=request.headers))


def test_one_time_code_shows_in_no_repr() -> None:
    assert "c0de" not in repr(checked(callback()))


@pytest.mark.parametrize("off", [-90, -1, 0, 89, 90])
def test_timestamp_may_be_off_by_ninety_seconds(off: int) -> None:
    assert checked(callback(timestamp=str(NOW + off)))


@pytest.mark.parametrize(
    "timestamp",
    [str(NOW - 91), str(NOW + 91), "-", "", "now", "1e9", f"{NOW}.0", f"-{NOW}", f" {NOW}", "9" * 5000, "\u0661"],
)
def test_other_timestamp_is_refused_although_signed(timestamp: str) -> None:
    with pytest.raises(CallerError, match="too old") as caught:
        checked(callback(timestamp=timestamp))
    assert caught.value.status == 400


@pytest.mark.parametrize("name", ["code", "hmac", "shop", "state", "timestamp", "host"])
def test_repeated_parameter_is_refused(name: str) -> None:
    request = callback()
    for value in (request.parameter(name), "other"):
        for query in ((*request.query, (name, value)), ((name, value), *request.query)):
            with pytest.raises(CallerError, match=f"{name} is there more than once"):
                checked(Request(query=query, headers=request.headers))


@pytest.mark.parametrize("signature", ["", "00", "x" * 64, "é"])
def test_callback_that_shopify_did_not_sign_is_refused(signature: str) -> None:
    query = (*callback().query[:-1], ("hmac", signature))
    with pytest.raises(Unauthorised, match="SHOPIFY_API_SECRET") as caught:
        checked(Request(query=query, headers=COOKIES))
    assert caught.value.status == 401
    with pytest.raises(Unauthorised):
        checked(Request(query=query[:-1], headers=COOKIES))


def test_signature_is_looked_at_before_everything_that_it_covers() -> None:
    query = (("shop", "evil.org"), ("state", "x"), ("timestamp", "x"), ("hmac", "x"))
    with pytest.raises(Unauthorised):
        checked(Request(query=query))


@pytest.mark.parametrize("shop", ["-", "", "acme.myshopify.com.evil.org", "acme\n", "evil.org"])
def test_callback_for_what_is_no_shop_is_refused_although_signed(shop: str) -> None:
    with pytest.raises(CallerError, match="not the name of a shop"):
        checked(callback(shop=shop))


def test_callback_for_another_shop_than_the_login_was_begun_for_is_refused() -> None:
    with pytest.raises(CallerError, match=r"begun for acme\..*, not for other\.") as caught:
        checked(callback(shop="other.myshopify.com"))
    assert caught.value.status == 403


def test_shops_name_in_capitals_is_the_same_shop() -> None:
    assert checked(callback(shop="Acme.myshopify.com")).shop == SHOP


def test_callback_in_another_browser_is_refused() -> None:
    with pytest.raises(CallerError, match="another browser") as caught:
        checked(callback(headers={}))
    assert caught.value.status == 403


def test_callback_after_ten_minutes_is_refused() -> None:
    with pytest.raises(CallerError, match="10 minutes"):
        checked(callback(timestamp=str(NOW + 601)), NOW + 601)


def test_callback_without_state_or_code_is_refused() -> None:
    with pytest.raises(CallerError, match="no state"):
        checked(callback(state="-"))
    with pytest.raises(CallerError, match="no code"):
        checked(callback(code="-"))


def test_forged_state_is_refused_although_shopify_signed_the_address() -> None:
    with pytest.raises(Unauthorised, match="state"):
        checked(callback(state=STATE_TEXT[:-1] + "!"))


def test_refused_consent_is_told_as_such_signed_or_not() -> None:
    query = tuple(parse_qsl("error=access_denied&error_description=x&state=y"))
    with pytest.raises(OwnerError, match="nothing was stored") as caught:
        checked(Request(query=query))
    assert caught.value.status == 403


@pytest.mark.parametrize("off", [-600, 0, 600])
def test_link_from_shopifys_admin_is_good_for_ten_minutes(off: int) -> None:
    oauth.check_entry(signed(shop=SHOP, timestamp=str(NOW + off), host="YWRt"), APP, NOW)


@pytest.mark.parametrize("timestamp", [str(NOW - 601), str(NOW + 601), "", "x"])
def test_older_link_is_refused(timestamp: str) -> None:
    with pytest.raises(CallerError, match="too old"):
        oauth.check_entry(signed(shop=SHOP, timestamp=timestamp), APP, NOW)


def test_altered_or_ambiguous_link_is_refused() -> None:
    request = signed(shop=SHOP, timestamp=str(NOW))
    with pytest.raises(Unauthorised):
        oauth.check_entry(Request(query=(("host", "x"), *request.query)), APP, NOW)
    with pytest.raises(CallerError, match="more than once"):
        oauth.check_entry(Request(query=(("shop", "evil"), *request.query)), APP, NOW)


def test_code_is_traded_for_an_expiring_pair(web: responses.RequestsMock) -> None:
    form = {"client_id": "client-id", "client_secret": "shpss_new", "code": "c0de", "expiring": "1"}
    sent = [matchers.urlencoded_params_matcher(form), matchers.header_matcher({"accept": "application/json"})]
    options = matchers.request_kwargs_matcher({"timeout": (3.05, 10)})
    web.post(TOKEN_URL, json=PAIR, match=[*sent, options])
    reply = oauth.exchange(APP, Arrival(SHOP, "c0de", LOGIN))
    assert reply.model_dump() == PAIR


def test_pair_without_life_time_is_good_for_an_hour() -> None:
    reply = exchanged(json={name: PAIR[name] for name in ("access_token", "scope")})
    assert (reply.expires_in, reply.refresh_token) == (3600, None)


@pytest.mark.parametrize(
    ("answer", "kind", "status", "told"),
    [
        ({"status": 400, "json": {"error": "invalid_grant"}}, CallerError, 400, "used already or has expired"),
        ({"status": 400, "json": {"error": "invalid_request"}}, CallerError, 400, "refused the code"),
        ({"status": 400, "json": {"error": "invalid_client"}}, SetupError, 500, "SHOPIFY_API_KEY"),
        ({"status": 401, "json": {"error": "invalid_client"}}, SetupError, 500, "SHOPIFY_API_SECRET"),
        ({"status": 401, "body": "<html>no</html>"}, SetupError, 500, "SHOPIFY_API_SECRET"),
        ({"status": 400, "body": "<html>no</html>"}, ProviderError, 502, "HTTP 400 without a reason"),
        ({"status": 404, "json": ["x"]}, ProviderError, 502, "HTTP 404 without a reason"),
        ({"status": 302, "headers": {"location": "https://evil.org"}}, ProviderError, 502, "HTTP 302"),
        ({"status": 429, "body": ""}, ProviderBusy, 503, "asked too often"),
        ({"status": 500, "body": "<html>no</html>"}, ProviderError, 502, "failed (HTTP 500)"),
        ({"status": 503, "json": {"error": "invalid_grant"}}, ProviderError, 502, "failed (HTTP 503)"),
        ({"status": 520, "body": ""}, ProviderError, 502, "failed (HTTP 520)"),
        ({"status": 200, "body": "<html>hello</html>"}, ProviderError, 502, "no token pair"),
        ({"status": 200, "body": b"\xff\xfe"}, ProviderError, 502, "no token pair"),
        ({"status": 200, "body": '{"access_token": "shpat_x'}, ProviderError, 502, "no token pair"),
        ({"status": 200, "json": None}, ProviderError, 502, "no token pair"),
        ({"status": 200, "json": ["shpat_x"]}, ProviderError, 502, "no token pair"),
        ({"status": 200, "json": {"access_token": "", "scope": ""}}, ProviderError, 502, "no token pair"),
        ({"status": 200, "json": {**PAIR, "expires_in": "shpat_x"}}, ProviderError, 502, "no token pair"),
        ({"body": requests.Timeout("shpss_new")}, ProviderError, 504, "did not answer in time"),
        ({"body": requests.ReadTimeout("shpss_new")}, ProviderError, 504, "did not answer in time"),
        ({"body": requests.ConnectTimeout("shpss_new")}, ProviderError, 504, "did not answer in time"),
        ({"body": requests.ConnectionError("shpss_new")}, ProviderError, 502, "cannot be reached"),
        ({"body": requests.exceptions.ChunkedEncodingError("shpss_new")}, ProviderError, 502, "cannot be reached"),
    ],
)
def test_every_failure_of_the_token_endpoint_is_told_for_what_it_is(
    answer: dict[str, Any], kind: type[StockroomError], status: int, told: str
) -> None:
    error = refused(kind, **answer)
    assert error.status == status
    assert told in error.message


def test_busy_token_endpoint_asks_for_a_minute() -> None:
    error = refused(ProviderBusy, status=429, body="")
    assert isinstance(error, ProviderBusy)
    assert error.wait == 60


def test_code_is_never_sent_twice(web: responses.RequestsMock) -> None:
    sent = web.post(TOKEN_URL, status=503)
    with pytest.raises(ProviderError):
        oauth.exchange(APP, Arrival(SHOP, "c0de", LOGIN))
    assert sent.call_count == 1


@pytest.mark.parametrize(
    ("granted", "missing"),
    [
        (",".join(oauth.SCOPES), []),
        (", ".join(reversed(oauth.SCOPES)), []),
        ("write_products,write_inventory,read_locations,write_discounts,read_themes", []),
        ("read_products,read_locations", ["read_inventory", "read_discounts"]),
        ("read_products_x,write_inventory,read_locations,read_discounts", ["read_products"]),
        ("", [*oauth.SCOPES]),
    ],
)
def test_scopes_that_were_not_granted_are_named(granted: str, missing: list[str]) -> None:
    assert oauth.missing_scopes(granted) == missing
    if missing:
        with pytest.raises(OwnerError, match="Without " + ", ".join(missing)):
            oauth.check_scopes(granted)
    else:
        oauth.check_scopes(granted)
