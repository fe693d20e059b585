import dataclasses
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from stockroom import state
from stockroom.errors import CallerError, OwnerError, ProviderBusy, ProviderError, SetupError, StockroomError
from stockroom.facebook import oauth
from stockroom.facebook.oauth import Arrival, Grant
from stockroom.http import Request
from tests.unit.admin_api import NOW
from tests.unit.graph_api import APP, GRANT, TOKEN, Answer, failing, graph, ok, play

SECRET = "state-secret-of-more-than-32-characters"
SHORT = "EAAshort0123456789"
LOGIN_AGAIN = "https://faas.example/api/v1/web/ns/facebook/login?again=1"

FACTS: dict[str, Any] = {
    "app_id": APP.id,
    "is_valid": True,
    "user_id": "42",
    "expires_at": 0,
    "data_access_expires_at": 1_807_776_000,
    "scopes": [*APP.scopes, "public_profile"],
}


def traded(token: str = TOKEN, **more: Any) -> Answer:
    return ok({"access_token": token, "token_type": "bearer", **more})


def inspected(**changes: Any) -> Answer:
    return ok({"data": {**FACTS, **changes}})


def granted(web: responses.RequestsMock, *answers: Answer) -> Grant:
    play(web, *answers)
    return oauth.grant(graph(), APP, "the-code")


def back(*pairs: tuple[str, str], **query: str) -> Request:
    """The browser comes back with what belongs to a login that it began."""
    login, text, cookie = state.begin(SECRET, oauth.PURPOSE, oauth.SUBJECT, NOW)
    headers = {"cookie": f"{login.cookie}={cookie}"}
    return Request(query=(("state", text), *query.items(), *pairs), headers=headers)


def checked(request: Request) -> Arrival:
    return oauth.check_callback(request, SECRET, NOW)


def refused(request: Request) -> StockroomError:
    with pytest.raises(StockroomError) as caught:
        checked(request)
    return caught.value


def asked(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_dialog_is_asked_for_a_code_and_the_scopes() -> None:
    address = oauth.consent_url(APP, "signed+state")
    assert address.startswith("https://www.facebook.com/v26.0/dialog/oauth?")
    assert asked(address) == {
        "client_id": APP.id,
        "redirect_uri": APP.redirect_uri,
        "state": "signed+state",
        "response_type": "code",
        "scope": "pages_show_list,pages_manage_metadata,pages_read_engagement",
    }


def test_configuration_of_login_for_business_takes_the_place_of_scopes() -> None:
    found = asked(oauth.consent_url(dataclasses.replace(APP, config_id="99999"), "s"))
    assert found["config_id"] == "99999"
    assert "scope" not in found


def test_declined_permissions_are_asked_for_again_only_on_purpose() -> None:
    assert asked(oauth.consent_url(APP, "s", again=True))["auth_type"] == "rerequest"
    assert "auth_type" not in asked(oauth.consent_url(APP, "s"))


def test_callback_of_a_login_that_this_browser_began_brings_its_code() -> None:
    arrival = checked(back(code="the-code"))
    assert (arrival.code, arrival.state.subject) == ("the-code", "facebook")
    assert "the-code" not in repr(arrival)


@pytest.mark.parametrize("name", ["code", "state", "error", "error_reason", "error_code"])
def test_parameter_that_is_there_twice_is_refused(name: str) -> None:
    error = refused(back((name, "x"), (name, "y"), code="the-code"))
    assert isinstance(error, CallerError)
    assert f"parameter {name} is there more than once" in error.message


def test_callback_without_the_browsers_own_state_is_refused() -> None:
    own = back(code="the-code")
    for request in (
        dataclasses.replace(own, query=(("code", "the-code"),)),
        dataclasses.replace(own, headers={}),
        dataclasses.replace(own, headers=back().headers),
        dataclasses.replace(own, query=(("code", "the-code"), ("state", "forged"))),
    ):
        assert isinstance(refused(request), CallerError)


def test_state_of_another_providers_login_is_refused() -> None:
    login, text, cookie = state.begin(SECRET, "shopify/login", "acme.myshopify.com", NOW)
    request = Request(query=(("state", text), ("code", "the-code")), headers={"cookie": f"{login.cookie}={cookie}"})
    assert isinstance(refused(request), CallerError)


@pytest.mark.parametrize("query", [{}, {"code": ""}])
def test_callback_without_a_code_is_refused(query: dict[str, str]) -> None:
    error = refused(back(**query))
    assert isinstance(error, CallerError)
    assert "no code" in error.message


CANCELLED = [
    {"error_reason": "user_denied", "error": "access_denied", "error_description": "Permissions error"},
    {"error": "access_denied", "error_code": "200", "error_description": "Permissions error"},
    {"error_reason": "user_denied"},
    {"error": "access_denied"},
    {"error": "access_denied", "code": "the-code"},
]


@pytest.mark.parametrize("query", CANCELLED)
def test_cancelled_dialog_is_told_as_such_in_each_of_its_shapes(query: dict[str, str]) -> None:
    error = refused(back(**query))
    assert isinstance(error, OwnerError)
    assert error.status == 403
    assert "cancelled" in error.message
    assert "development mode" in error.message


@pytest.mark.parametrize(
    "query",
    [
        {"error_code": "1349126", "error_message": "App not active"},
        {"error": "server_error"},
        {"error": "invalid_scope", "error_description": "Invalid Scopes: pages_nonsense"},
        {"error_reason": "other", "code": "the-code"},
        {"error_code": "100", "code": "the-code"},
    ],
)
def test_dialog_that_facebook_could_not_show_is_the_apps_fault(query: dict[str, str]) -> None:
    error = refused(back(**query))
    assert isinstance(error, SetupError)
    assert "FACEBOOK_REDIRECT_URI" in error.message
    assert "nonsense" not in error.message


def test_state_is_looked_at_before_the_refusal() -> None:
    assert isinstance(refused(Request(query=(("error", "access_denied"),))), CallerError)


def test_code_becomes_a_long_lived_token_that_was_looked_at(web: responses.RequestsMock) -> None:
    seen = play(web, traded(SHORT, expires_in=5400), traded(expires_in=5_183_944), inspected())
    found = oauth.grant(graph(), APP, "the-code")
    assert found == Grant(TOKEN, "42", (*APP.scopes, "public_profile"), None, 5_183_944, 1_807_776_000)
    assert (seen[0].fields["code"], seen[0].fields["redirect_uri"]) == ("the-code", APP.redirect_uri)
    assert (seen[1].fields["grant_type"], seen[1].fields["fb_exchange_token"]) == ("fb_exchange_token", SHORT)
    assert (seen[2].path, seen[2].fields["input_token"]) == ("debug_token", TOKEN)
    assert TOKEN not in repr(found)


@pytest.mark.parametrize("more", [{}, {"expires_in": None}, {"expires_in": 0}])
def test_token_without_an_end_is_not_taken_for_expired(web: responses.RequestsMock, more: dict[str, Any]) -> None:
    assert granted(web, traded(SHORT), traded(**more), inspected()).expires_in == 0


def test_facts_that_facebook_leaves_out_are_unknown(web: responses.RequestsMock) -> None:
    bare = {"user_id": None, "data_access_expires_at": None, "scopes": None, "granular_scopes": None}
    assert granted(web, traded(SHORT), traded(), inspected(**bare)) == Grant(TOKEN, "", (), None, 0, 0)


USED = failing(100, message="This authorization code has been used.")


@pytest.mark.parametrize("answer", [USED, failing(100, 36009), failing(190, 463)])
def test_code_that_was_used_or_has_expired_is_sent_once_and_told(web: responses.RequestsMock, answer: Answer) -> None:
    seen = play(web, answer)
    with pytest.raises(CallerError, match="used already or has expired") as caught:
        oauth.grant(graph(), APP, "the-code")
    assert len(seen) == 1
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((500, {}, ""), ProviderBusy),
        (requests.ReadTimeout(), ProviderBusy),
        (failing(1), ProviderBusy),
        (failing(101), SetupError),
        (failing(1, message="Error validating client secret."), SetupError),
        (failing(191), SetupError),
    ],
)
def test_failed_exchange_is_never_repeated(
    web: responses.RequestsMock, answer: Answer, kind: type[StockroomError]
) -> None:
    seen = play(web, answer)
    with pytest.raises(kind):
        oauth.grant(graph(), APP, "the-code")
    assert len(seen) == 1


@pytest.mark.parametrize(
    "answer", [ok({}), ok([]), ok({"access_token": None}), ok({"access_token": ""}), ok({"access_token": 7})]
)
def test_answer_without_a_token_is_refused(web: responses.RequestsMock, answer: Answer) -> None:
    for answers in ([answer], [traded(SHORT), answer]):
        web.reset()
        with pytest.raises(ProviderError, match="held no token"):
            granted(web, *answers)


@pytest.mark.parametrize("facts", [{"app_id": "9999999999"}, {"app_id": None}, {"is_valid": False}, {"is_valid": None}])
def test_token_of_another_app_or_a_dead_one_is_refused(web: responses.RequestsMock, facts: dict[str, Any]) -> None:
    with pytest.raises(CallerError, match="not valid for this app") as caught:
        granted(web, traded(SHORT), traded(), inspected(**facts))
    assert caught.value.status == 403


def test_app_id_sent_as_a_number_is_the_same_app(web: responses.RequestsMock) -> None:
    assert granted(web, traded(SHORT), traded(), inspected(app_id=int(APP.id))).user == "42"


@pytest.mark.parametrize(
    ("granular", "pages"),
    [
        ([], None),
        ([{"scope": "pages_show_list"}], None),
        ([{"scope": "pages_show_list", "target_ids": ["1"]}, {"scope": "pages_messaging"}], None),
        ([{"scope": "business_management", "target_ids": ["9"]}], None),
        ([{"target_ids": ["9"]}], None),
        ([{"scope": "pages_show_list", "target_ids": []}], ()),
        ([{"scope": "pages_show_list", "target_ids": ["1", "2"]}], ("1", "2")),
        (
            [
                {"scope": "pages_show_list", "target_ids": ["1", "2"]},
                {"scope": "business_management"},
                {"scope": "pages_read_engagement", "target_ids": ["2", 3]},
            ],
            ("1", "2", "3"),
        ),
    ],
)
def test_picked_pages_are_known_only_where_facebook_names_them(
    web: responses.RequestsMock, granular: list[dict[str, Any]], pages: tuple[str, ...] | None
) -> None:
    assert granted(web, traded(SHORT), traded(), inspected(granular_scopes=granular)).pages == pages


def test_declined_permissions_are_named_with_a_link_that_asks_again() -> None:
    with pytest.raises(OwnerError) as caught:
        oauth.check_permissions(APP, dataclasses.replace(GRANT, scopes=("pages_show_list", "email")))
    assert caught.value.message.startswith("Without pages_manage_metadata, pages_read_engagement the Pages")
    assert (caught.value.again, caught.value.status) == (LOGIN_AGAIN, 403)


def test_all_permissions_are_enough() -> None:
    oauth.check_permissions(APP, GRANT)


def test_configuration_of_login_for_business_decides_on_permissions_itself() -> None:
    oauth.check_permissions(dataclasses.replace(APP, config_id="99999"), dataclasses.replace(GRANT, scopes=()))


def test_app_secret_shows_in_no_repr() -> None:
    assert APP.secret not in repr(APP)
