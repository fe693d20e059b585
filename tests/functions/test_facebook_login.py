"""facebook/login: to Facebook's consent dialog."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from stockroom.space import Space
from tests.functions.conftest import Functions, assert_no_secret, cookie_attributes
from tests.functions.environment import FACEBOOK_APP_ID, FACEBOOK_REDIRECT_URI, FACEBOOK_SCOPES
from tests.functions.facebook_sandbox import ASTRID, FacebookSandbox
from tests.functions.invoke import Answer

DIALOG = "https://www.facebook.com/v26.0/dialog/oauth"


def query_of(answer: Answer) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def test_the_owner_is_sent_to_facebooks_dialog(functions: Functions, bucket: Space) -> None:
    answer = functions.web("facebook/login")
    query = query_of(answer)
    assert (answer.status, answer.headers["location"].partition("?")[0]) == (303, DIALOG)
    assert query.pop("state")
    assert query == {
        "client_id": FACEBOOK_APP_ID,
        "redirect_uri": FACEBOOK_REDIRECT_URI,
        "response_type": "code",
        "scope": FACEBOOK_SCOPES,
    }
    assert list(bucket.list("")) == []
    assert_no_secret(answer.text)


def test_scopes_and_version_are_the_operators(functions: Functions) -> None:
    functions.environment |= {
        "FACEBOOK_SCOPES": "pages_show_list, business_management",
        "FACEBOOK_API_VERSION": "v27.0",
    }
    answer = functions.web("facebook/login")
    assert query_of(answer)["scope"] == "pages_show_list,business_management"
    assert "/v27.0/dialog/" in answer.headers["location"]


def test_a_configuration_for_business_takes_the_place_of_scopes(
    functions: Functions, facebook: FacebookSandbox
) -> None:
    functions.environment["FACEBOOK_CONFIG_ID"] = "700000000000001"
    login = facebook.begin()
    assert login.query["config_id"] == "700000000000001"
    assert "scope" not in login.query
    assert login.arrive(login.consent(ASTRID)).body["webhook_test"] == {"status": "success"}


@pytest.mark.parametrize(("query", "asked"), [("", None), ("again=1", "rerequest"), ("again=0", None)])
def test_what_was_declined_is_asked_for_again_only_if_told_so(
    functions: Functions, query: str, asked: str | None
) -> None:
    assert query_of(functions.web("facebook/login", query=query)).get("auth_type") == asked


def test_the_cookie_is_for_the_callback_alone_and_out_of_reach_of_scripts(functions: Functions) -> None:
    (header,) = functions.web("facebook/login").headers["set-cookie"]
    assert cookie_attributes(header) == {
        "path": urlsplit(FACEBOOK_REDIRECT_URI).path,
        "max-age": "600",
        "httponly": True,
        "samesite": "Lax",
        "secure": True,
    }


def test_the_state_does_not_tell_the_cookie(facebook: FacebookSandbox) -> None:
    login = facebook.begin()
    assert login.cookie.partition("=")[2] not in login.answer.headers["location"]


def test_two_logins_have_nothing_in_common(facebook: FacebookSandbox) -> None:
    one, other = facebook.begin(), facebook.begin()
    assert one.query["state"] != other.query["state"]
    assert one.cookie != other.cookie


def test_the_sandbox_takes_the_place_of_facebook(functions: Functions) -> None:
    functions.environment["FACEBOOK_SANDBOX_URL"] = "http://localhost:5003"
    answer = functions.web("facebook/login")
    assert answer.headers["location"].startswith("http://localhost:5003/www/v26.0/dialog/oauth?")


def test_nobody_chooses_where_the_owner_is_sent(functions: Functions) -> None:
    query = [("redirect_uri", "https://evil.org"), ("scope", "email"), ("client_id", "1"), ("state", "x")]
    answer = functions.web("facebook/login", path="/evil.org", query=query)
    assert answer.headers["location"].partition("?")[0] == DIALOG
    found = query_of(answer)
    assert (found["redirect_uri"], found["scope"], found["client_id"]) == (
        FACEBOOK_REDIRECT_URI,
        FACEBOOK_SCOPES,
        FACEBOOK_APP_ID,
    )
    assert found["state"] != "x"


@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_only_get_begins_a_login(functions: Functions, method: str) -> None:
    answer = functions.web("facebook/login", method=method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET")
