"""facebook/callback with a login that was not begun here, was cancelled, or that Facebook refuses: nothing is kept."""

from typing import Any
from urllib.parse import urlencode

import pytest

from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, Log, assert_no_secret
from tests.functions.facebook_sandbox import ASTRID, CAFE, EMMA, FARID, FacebookSandbox
from tests.functions.invoke import Answer

LOGIN = "https://faas-nyc1-0123.doserverless.co/api/v1/web/fn-01234567/facebook/login?again=1"


@pytest.fixture(params=["application/json", "text/html"])
def accept(request: pytest.FixtureRequest) -> dict[str, str]:
    """Every refusal is proved in both forms."""
    return {"accept": request.param}


def keys(space: Space) -> list[str]:
    return [entry.key for entry in space.list("")]


def used(space: Space) -> list[str]:
    """The keys of used states, if there is nothing else."""
    found = keys(space)
    assert all(key.startswith(".stockroom/used/") for key in found)
    return found


def nothing_shown(facebook: FacebookSandbox, log: Log, answer: Answer) -> None:
    assert_no_secret(answer.text + log.text, *facebook.issued)
    assert_no_secret(str(dict(answer.headers)), *facebook.issued)


def test_an_owner_who_cancels_is_told_so(facebook: FacebookSandbox, bucket: Space, accept: dict[str, str]) -> None:
    login = facebook.begin()
    answer = login.arrive(login.consent(decision="cancel"), accept)
    assert answer.status == 403
    assert "cancelled on Facebook's page, so nothing was stored" in answer.message
    assert facebook.asked == []
    assert keys(bucket) == []


@pytest.mark.parametrize(
    ("kind", "status", "cause"),
    [
        ("denied", 403, "cancelled on Facebook's page"),
        ("denied_200", 403, "the app is in development mode and this person has no role in it"),
        ("error_message", 500, "Facebook could not show its dialog"),
    ],
)
def test_a_dialog_that_is_not_even_shown_is_one_sentence(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str], *, kind: str, status: int, cause: str
) -> None:
    facebook.fault(where="dialog", kind=kind)
    login = facebook.begin()
    answer = login.arrive(facebook.dialog(login.answer.headers["location"]), accept)
    assert answer.status == status
    assert cause in answer.message
    assert facebook.asked == []
    assert keys(bucket) == []


@pytest.mark.parametrize(
    ("said", "status", "cause"),
    [
        ({"error": "access_denied"}, 403, "cancelled"),
        ({"error_reason": "user_denied"}, 403, "cancelled"),
        ({"error": "access_denied", "error_description": "The+user+denied+your+request"}, 403, "cancelled"),
        ({"error_code": "1349195", "error_message": "App not active"}, 500, "FACEBOOK_APP_ID, FACEBOOK_REDIRECT_URI"),
        ({"error_code": "100", "error_message": "Invalid Scopes"}, 500, "FACEBOOK_APP_ID, FACEBOOK_REDIRECT_URI"),
        ({"error": "server_error", "error_description": "<b>Sorry</b>"}, 500, "FACEBOOK_APP_ID"),
        ({"error": "access_denied", "code": "code-1"}, 403, "cancelled"),
        ({}, 400, "no code parameter"),
        ({"code": ""}, 400, "no code parameter"),
    ],
)
def test_a_dialog_that_says_no_in_any_of_its_shapes_is_one_sentence(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str], *, said: dict[str, str], status: int, cause: str
) -> None:
    login = facebook.begin()
    answer = login.arrive({**said, "state": login.query["state"]}, accept)
    assert answer.status == status
    assert cause in answer.message
    assert "Sorry" not in answer.text
    assert facebook.asked == []
    assert keys(bucket) == []


@pytest.mark.parametrize(
    ("tamper", "status", "cause"),
    [
        (lambda state: "", 400, "no state parameter"),
        (lambda state: "x", 401, "not made here"),
        (lambda state: state[:-2], 401, "not made here"),
        (lambda state: "A" + state, 401, "not made here"),
        (lambda state: state.replace(".", ""), 401, "not made here"),
        (lambda state: state + "ä", 401, "not made here"),
    ],
)
def test_a_state_that_was_not_made_here_is_refused(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str], *, tamper: Any, status: int, cause: str
) -> None:
    login = facebook.begin()
    query = login.consent()
    answer = login.arrive({**query, "state": tamper(query["state"])}, accept)
    assert answer.status == status
    assert cause in answer.message
    assert facebook.asked == []
    assert keys(bucket) == []


def test_a_state_of_a_login_with_shopify_is_refused(facebook: FacebookSandbox, functions: Functions) -> None:
    other = functions.begin()
    login = facebook.begin()
    answer = login.arrive({**login.consent(), "state": other.state}, {"cookie": other.cookie})
    assert answer.status == 401
    assert facebook.asked == []


def test_a_login_that_another_browser_began_is_refused(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str]
) -> None:
    login, other = facebook.begin(), facebook.begin()
    for cookie in ({"cookie": other.cookie}, {"cookie": ""}):
        answer = login.arrive(login.consent(), accept | cookie)
        assert answer.status == 403
        assert "another browser" in answer.message
    assert facebook.asked == []
    assert keys(bucket) == []


def test_a_login_that_took_too_long_is_refused(facebook: FacebookSandbox, clock: Clock, bucket: Space) -> None:
    login = facebook.begin()
    query = login.consent()
    clock.advance(601)
    answer = login.arrive(query)
    assert answer.status == 400
    assert "more than 10 minutes ago" in answer.message
    assert keys(bucket) == []


@pytest.mark.parametrize("name", ["code", "state", "error"])
def test_a_parameter_that_is_there_twice_is_refused(facebook: FacebookSandbox, bucket: Space, name: str) -> None:
    login = facebook.begin()
    query = {"error": "", **login.consent()}
    answer = login.arrive(f"{urlencode(query)}&{name}=x")
    assert answer.status == 400
    assert f"parameter {name} is there more than once" in answer.message
    assert keys(bucket) == []


def test_a_callback_that_is_repeated_is_refused_and_the_first_one_stays(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str]
) -> None:
    login = facebook.begin()
    query = login.consent()
    login.arrive(query)
    before, calls = keys(bucket), list(facebook.asked)
    answer = login.arrive(query, accept)
    assert answer.status == 409
    assert "completed already" in answer.message
    assert (keys(bucket), facebook.asked) == (before, calls)


def test_a_code_that_was_used_before_is_refused(
    facebook: FacebookSandbox, bucket: Space, log: Log, accept: dict[str, str]
) -> None:
    """In a login of its own, as if someone had read it from the browser's history."""
    first, second = facebook.begin(), facebook.begin()
    query = first.consent()
    first.arrive(query)
    before = {key for key in keys(bucket) if "/used/" not in key}
    facebook.world.requests.clear()
    answer = second.arrive({**query, "state": second.query["state"]}, accept)
    assert answer.status == 400
    assert "used already or has expired" in answer.message
    assert facebook.asked == ["token"]  # once: a code is good once
    assert {key for key in keys(bucket) if "/used/" not in key} == before
    nothing_shown(facebook, log, answer)


WAIT = {"kind": "error", "code": 80001, "minutes": 3}
REFUSALS: list[tuple[dict[str, Any], int, str]] = [
    ({"where": "token", "kind": "error", "code": 100}, 400, "refused the code: it was used already or has expired"),
    ({"where": "token", "kind": "error", "code": 190, "subcode": 463}, 400, "refused the code"),
    ({"where": "token", "kind": "error", "code": 1, "message": "Error validating client secret."}, 500, "FACEBOOK_APP"),
    ({"where": "token", "kind": "error", "code": 101}, 500, "check FACEBOOK_APP_ID and FACEBOOK_APP_SECRET"),
    ({"where": "token", "kind": "error", "code": 191}, 500, "check FACEBOOK_REDIRECT_URI"),
    ({"where": "token", **WAIT}, 503, "works again in 180 seconds"),
    ({"where": "token", "kind": "error", "code": 4}, 503, "call limit is reached (code 4); it works again in 60 seco"),
    ({"where": "token", "kind": "error", "code": 2}, 503, "try again"),
    ({"where": "token", "kind": "500"}, 503, "HTTP 500"),
    ({"where": "token", "kind": "502"}, 503, "HTTP 502"),
    ({"where": "token", "kind": "302"}, 502, "HTTP 302"),
    ({"where": "token", "kind": "html"}, 502, "cannot be read"),
    ({"where": "token", "kind": "garbage"}, 502, "cannot be read"),
    ({"where": "token", "kind": "revoked", "after": 1}, 400, "refused the code"),
    ({"where": "debug_token", "kind": "error", "code": 190}, 403, "log in again"),
    ({"where": "debug_token", "kind": "error", "code": 100}, 502, "code 100"),
    ({"where": "debug_token", "kind": "revoked"}, 403, "not valid for this app"),
    ({"where": "accounts", "kind": "error", "code": 190, "subcode": 458}, 403, "the app was removed on Facebook"),
    ({"where": "accounts", "kind": "error", "code": 190, "subcode": 459}, 403, "confirm something at facebook.com"),
    ({"where": "accounts", "kind": "error", "code": 190, "subcode": 460}, 403, "the password was changed"),
    ({"where": "accounts", "kind": "error", "code": 190, "subcode": 463}, 403, "the access has expired"),
    ({"where": "accounts", "kind": "error", "code": 190, "subcode": 467}, 403, "the access was withdrawn"),
    ({"where": "accounts", "kind": "error", "code": 200}, 403, "misses a permission"),
    ({"where": "accounts", "kind": "error", "code": 10}, 403, "misses a permission"),
    ({"where": "accounts", "kind": "error", "code": 368}, 403, "blocked this for breaking its policy"),
    ({"where": "accounts", **WAIT}, 503, "works again in 180 seconds"),
    ({"where": "accounts", "kind": "error", "code": 17}, 503, "call limit is reached (code 17)"),
    ({"where": "accounts", "kind": "502", "times": 9}, 503, "HTTP 502"),
    ({"where": "accounts", "kind": "garbage"}, 502, "cannot be read"),
]


@pytest.mark.parametrize(
    ("fault", "status", "cause"),
    REFUSALS,
    ids=lambda value: " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)[:20],
)
def test_what_facebook_refuses_is_one_sentence_and_nothing_is_kept_but_that_the_state_is_used(
    facebook: FacebookSandbox, bucket: Space, log: Log, accept: dict[str, str],
    *, fault: dict[str, Any], status: int, cause: str,
) -> None:  # fmt: skip
    facebook.fault(**fault)
    answer = facebook.login(headers=accept)
    assert answer.status == status, answer.text
    assert cause in answer.message
    assert len(used(bucket)) == 1
    assert facebook.world.kept.page_subscriptions == {}
    assert facebook.world.kept.subscriptions == {}
    nothing_shown(facebook, log, answer)


@pytest.mark.parametrize("fault", ["500", "502", "html", "garbage", "302"])
def test_a_code_is_sent_once_whatever_is_answered(facebook: FacebookSandbox, fault: str) -> None:
    facebook.fault(where="token", kind=fault)
    facebook.login()
    assert facebook.asked == ["token"]


def test_how_long_to_wait_is_told_to_programs_too(facebook: FacebookSandbox) -> None:
    facebook.fault(where="accounts", **WAIT)
    assert facebook.login().headers["retry-after"] == "180"


def test_a_failure_of_a_moment_is_got_over(facebook: FacebookSandbox) -> None:
    facebook.fault(where="accounts", kind="502", times=2)
    facebook.fault(where="debug_token", kind="error", code=2)
    assert facebook.login().status == 200


@pytest.mark.parametrize(
    ("name", "value"),
    [("FACEBOOK_APP_SECRET", "another-secret-of-the-facebook-app"), ("FACEBOOK_APP_ID", "6543210987654321")],
)
def test_wrong_credentials_are_named_but_not_shown(
    facebook: FacebookSandbox, functions: Functions, bucket: Space, log: Log, accept: dict[str, str],
    *, name: str, value: str,
) -> None:  # fmt: skip
    login = facebook.begin()
    query = login.consent()
    functions.environment[name] = value
    answer = login.arrive(query, accept)
    assert answer.status == 500
    assert "check FACEBOOK_APP_ID and FACEBOOK_APP_SECRET" in answer.message
    assert len(used(bucket)) == 1
    nothing_shown(facebook, log, answer)
    assert_no_secret(answer.text + log.text, "another-secret-of-the-facebook-app")


def test_a_token_that_is_another_apps_is_refused(
    facebook: FacebookSandbox, bucket: Space, log: Log, accept: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if somebody had slipped in what was given to another app."""
    monkeypatch.setattr("local.facebook.operations.debug._app", lambda _: {"app_id": "990000000000099"})
    answer = facebook.login(headers=accept)
    assert answer.status == 403
    assert "not valid for this app" in answer.message
    assert len(used(bucket)) == 1
    nothing_shown(facebook, log, answer)


def test_a_person_without_pages_is_told_so_with_a_link_that_asks_again(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str]
) -> None:
    answer = facebook.login(EMMA, headers=accept)
    assert answer.status == 403
    assert "reaches no Page" in answer.message
    assert f"href='{LOGIN}'" in answer.body if answer.is_page else answer.body["login"] == LOGIN
    assert len(used(bucket)) == 1


def test_a_login_without_any_page_ticked_is_the_same(facebook: FacebookSandbox, bucket: Space) -> None:
    answer = facebook.login(pages=[])
    assert answer.status == 403
    assert "pick at least one" in answer.message
    assert len(used(bucket)) == 1


def test_a_person_whose_pages_all_refuse_is_told_why(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str]
) -> None:
    """Farid is a live contributor on the only Page that he picks: there is no Page token for him."""
    answer = facebook.login(FARID, [CAFE], headers=accept)
    assert answer.status == 403
    assert "None of the Pages that were picked can be reached. The person has no role on this Page" in answer.message
    assert len(used(bucket)) == 1


@pytest.mark.parametrize(
    ("ticked", "missing"),
    [
        ("pages_show_list,pages_manage_metadata", "pages_read_engagement"),
        ("pages_show_list,pages_read_engagement", "pages_manage_metadata"),
        ("", "pages_show_list, pages_manage_metadata, pages_read_engagement"),
    ],
)
def test_a_permission_that_was_declined_is_named_with_a_link_that_asks_again(
    facebook: FacebookSandbox, bucket: Space, accept: dict[str, str], *, ticked: str, missing: str
) -> None:
    login = facebook.begin()
    answer = login.arrive(login.consent(ASTRID, ticked=ticked), accept)
    assert answer.status == 403
    assert f"Without {missing} the Pages" in answer.message
    assert f"href='{LOGIN}'" in answer.body if answer.is_page else answer.body["login"] == LOGIN
    assert len(used(bucket)) == 1
    assert facebook.asked == ["token", "token", "debug_token"]
