"""shopify/callback, called by the wrong one, in the wrong way, or too late: refused, and nothing kept."""

from collections.abc import Callable

import pytest

from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, Login, assert_no_secret, signed
from tests.functions.environment import SHOP
from tests.functions.invoke import HTML, Answer
from tests.functions.shopify_stub import ShopifyStub, WebPlaces

Query = list[tuple[str, str]]


@pytest.fixture(params=["application/json", "text/html"])
def accept(request: pytest.FixtureRequest) -> dict[str, str]:
    """Every refusal is proved in both forms."""
    return {"accept": request.param}


@pytest.fixture
def untouched(functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space) -> Callable[[Answer], None]:
    """Proves that a refusal did nothing and told nothing."""

    def check(answer: Answer) -> None:
        assert list(bucket.list("")) == []
        assert shopify.asked == []
        assert "set-cookie" not in answer.headers
        assert_no_secret(answer.text, "code-1")

    return check


Untouched = Callable[[Answer], None]


@pytest.mark.parametrize(
    "shop",
    [
        "acme.myshopify.com.evil.org",
        "acme.myshopify.com\n",
        "acme.myshopify.com\nevil.org",
        "evil.org/.myshopify.com",
        "äcme.myshopify.com",
        "acme.myshopify.io",
        "",
    ],
)
def test_another_host_gets_no_code(
    functions: Functions, untouched: Untouched, accept: dict[str, str], shop: str
) -> None:
    """Signed by Shopify itself, even: the code and our secret would be sent there."""
    login = functions.begin()
    answer = login.arrive(login.callback_query(shop=shop), accept)
    assert answer.status == 400
    assert "name of a shop" in answer.message
    untouched(answer)


def test_a_shop_in_capitals_is_the_same_shop(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, bucket: Space
) -> None:
    login = functions.begin()
    assert login.arrive(login.callback_query(shop="ACME.myshopify.com")).status == 200
    assert bucket.head(f"{SHOP}/shopify_data.json")


def test_a_state_of_another_shop_is_refused(functions: Functions, untouched: Untouched, accept: dict[str, str]) -> None:
    login = functions.begin()
    answer = login.arrive(login.callback_query(shop="rival.myshopify.com"), accept)
    assert answer.status == 403
    assert "rival.myshopify.com" in answer.message
    assert "start again" in answer.message
    untouched(answer)


@pytest.mark.parametrize(
    ("change", "status", "cause"),
    [
        (lambda state: "", 400, "has no state"),
        (lambda state: "x", 401, "not made here or was altered"),
        (lambda state: state[:-1], 401, "not made here or was altered"),
        (lambda state: "A" + state[1:], 401, "not made here or was altered"),
        (lambda state: state.replace(".", ".."), 401, "not made here or was altered"),
        (lambda state: state + ".", 401, "not made here or was altered"),
        (lambda state: "ä" + state, 401, "not made here or was altered"),
    ],
)
def test_a_state_that_is_missing_or_altered_is_refused(
    functions: Functions,
    untouched: Untouched,
    accept: dict[str, str],
    change: Callable[[str], str],
    status: int,
    cause: str,
) -> None:
    login = functions.begin()
    answer = login.arrive(login.callback_query(state=change(login.state)), accept)
    assert answer.status == status
    assert cause in answer.message
    assert "start again" in answer.message
    untouched(answer)


def test_a_state_that_another_installation_signed_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str]
) -> None:
    login = functions.begin()
    functions.environment["STATE_TOKEN_SECRET"] = "x" * 40
    answer = login.arrive(login.callback_query(), accept)
    assert answer.status == 401
    untouched(answer)


def test_a_login_that_took_longer_than_ten_minutes_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str], clock: Clock
) -> None:
    login = functions.begin()
    clock.advance(602)
    answer = login.arrive(login.callback_query(), accept)
    assert answer.status == 400
    assert "more than 10 minutes ago" in answer.message
    untouched(answer)


def test_just_within_ten_minutes_is_in_time(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, clock: Clock
) -> None:
    login = functions.begin()
    clock.advance(598)
    assert login.approve().status == 200


@pytest.mark.parametrize("cookie", ["", "other", "theme=dark", "{name}=", "{name}=x"])
def test_a_callback_in_another_browser_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str], cookie: str
) -> None:
    """Or anyone could have a stranger's browser finish a login to the attacker's shop."""
    login = functions.begin()
    cookie = functions.begin().cookie if cookie == "other" else cookie
    headers = {"cookie": cookie.format(name=login.cookie.partition("=")[0]), **accept}
    answer = functions.web("callback", query=login.callback_query(), headers=headers)
    assert answer.status == 403
    assert "another browser" in answer.message
    untouched(answer)


def test_a_login_is_completed_only_once(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces, accept: dict[str, str]
) -> None:
    login = functions.begin()
    query = login.callback_query()
    assert login.arrive(query).status == 200
    asked = list(shopify.asked)
    again = login.arrive(query, accept)
    assert again.status == 409
    assert "completed already" in again.message
    assert shopify.asked == asked


@pytest.mark.parametrize(
    "tamper",
    [
        lambda login: [*login.callback_query()[:-1], ("hmac", "0" * 64)],
        lambda login: login.callback_query()[:-1],
        lambda login: [*login.callback_query()[:-1], ("hmac", "é")],
        lambda login: [*login.callback_query()[:-1], ("hmac", login.callback_query()[-1][1].upper())],
        lambda login: [*login.callback_query(), ("locale", "de")],
        lambda login: [pair for pair in login.callback_query() if pair[0] != "host"],
        lambda login: [("code", "code-2"), *login.callback_query()[1:]],
        lambda login: signed(dict(login.callback_query()[:-1]), "another secret"),
        lambda login: signed(dict(login.callback_query()[:-1]), ""),
    ],
    ids=["wrong", "missing", "not ASCII", "capitals", "added", "left out", "changed", "other secret", "no secret"],
)
def test_an_address_that_shopify_did_not_sign_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str], tamper: Callable[[Login], Query]
) -> None:
    login = functions.begin()
    answer = login.arrive(tamper(login), accept)
    assert answer.status == 401
    assert "not signed by Shopify" in answer.message
    assert "SHOPIFY_API_SECRET" in answer.message
    untouched(answer)


def test_shopify_may_add_parameters_as_long_as_it_signs_them(
    functions: Functions, shopify: ShopifyStub, places: WebPlaces
) -> None:
    login = functions.begin()
    assert login.arrive(login.callback_query(locale="de", session="one two=3")).status == 200


@pytest.mark.parametrize("name", ["code", "hmac", "shop", "state", "timestamp", "host"])
def test_a_parameter_that_is_there_twice_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str], name: str
) -> None:
    login = functions.begin()
    query = login.callback_query()
    answer = login.arrive([*query, (name, dict(query)[name])], accept)
    assert answer.status == 400
    assert f"parameter {name} is there more than once" in answer.message
    untouched(answer)


@pytest.mark.parametrize("offset", [-92, 92])
def test_an_address_that_is_not_of_this_moment_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str], clock: Clock, offset: int
) -> None:
    login = functions.begin()
    answer = login.arrive(login.callback_query(timestamp=str(int(clock()) + offset)), accept)
    assert answer.status == 400
    assert "too old, or this machine's clock is wrong" in answer.message
    untouched(answer)


@pytest.mark.parametrize("missing", ["timestamp", "code"])
def test_an_address_that_lacks_a_part_is_refused(
    functions: Functions, untouched: Untouched, accept: dict[str, str], missing: str
) -> None:
    login = functions.begin()
    answer = login.arrive(login.callback_query(**{missing: ""}), accept)
    assert answer.status == 400
    assert "start again" in answer.message
    untouched(answer)


def test_an_owner_who_declines_is_told_that_nothing_was_stored(
    functions: Functions, untouched: Untouched, accept: dict[str, str]
) -> None:
    login = functions.begin()
    query = [("error", "access_denied"), ("shop", SHOP), ("state", login.state)]
    answer = login.arrive(query, accept)
    assert answer.status == 403
    assert "cancelled" in answer.message
    assert "nothing was stored" in answer.message
    untouched(answer)


def test_a_bare_visit_is_refused(functions: Functions, untouched: Untouched, accept: dict[str, str]) -> None:
    answer = functions.web("callback", headers=accept)
    assert answer.status == 401
    untouched(answer)


def test_only_get_finishes_a_login(functions: Functions, untouched: Untouched) -> None:
    answer = functions.web("callback", method="POST", headers=HTML)
    assert answer.status == 405
    untouched(answer)
