import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.errors import LoginNeeded, OwnerError, ProviderBusy, ProviderError, SetupError, StockroomError
from stockroom.facebook.reply import MOMENT, PermissionMissing, Refused, Usage, decipher, usage
from tests.unit.graph_api import error

TOKEN = "EAAsecrettokenofthetests"
WORDS = f"Error validating access token {TOKEN}: Tried to use it"


def raised(content: Any, status: int = 400, headers: dict[str, str] | None = None) -> StockroomError:
    with pytest.raises(StockroomError) as caught:
        decipher(status, headers or {}, content if isinstance(content, bytes | str) else json.dumps(content))
    return caught.value


def app_usage(**report: Any) -> dict[str, str]:
    return {"x-app-usage": json.dumps(report)}


@pytest.mark.parametrize("content", [{"data": []}, [], {"success": True}, 0, "text", {"error": "of a Page's own"}])
def test_good_answer_is_its_content(content: Any) -> None:
    assert decipher(200, {}, json.dumps(content)) == content


@pytest.mark.parametrize("code", [4, 17, 32, 341, 613, 80001, 80002, 80006])
def test_reached_limit_is_waited_for(code: int) -> None:
    found = raised(error(code))
    assert isinstance(found, ProviderBusy)
    assert (found.wait, found.status) == (60, 503)
    assert f"code {code}" in found.message
    assert "60 seconds" in found.message


def test_limit_is_waited_for_as_long_as_facebook_estimates() -> None:
    report = {"7": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 19}]}
    found = raised(error(80001), headers={"x-business-use-case-usage": json.dumps(report)})
    assert isinstance(found, ProviderBusy)
    assert found.wait == 19 * 60


@pytest.mark.parametrize("answer", [error(1), error(2), error(100, is_transient=True), error(190, is_transient=True)])
def test_momentary_failure_is_tried_again_soon(answer: Any) -> None:
    found = raised(answer)
    assert isinstance(found, ProviderBusy)
    assert found.wait == MOMENT == 1


def test_answer_that_would_be_too_long_is_not_asked_for_again_as_it_is() -> None:
    found = raised(error(1, message="Please reduce the amount of data you're asking for, then retry your request"), 500)
    assert isinstance(found, Refused)
    assert "too much" in found.message


@pytest.mark.parametrize("is_transient", [False, "true", None])
def test_failure_that_is_not_called_transient_is_not_repeated(is_transient: Any) -> None:
    assert not isinstance(raised(error(100, is_transient=is_transient)), ProviderBusy)


@pytest.mark.parametrize(
    ("code", "subcode", "reason"),
    [
        (190, 458, "the app was removed on Facebook"),
        (190, 460, "the password was changed"),
        (190, 463, "the access has expired"),
        (190, 467, "the access was withdrawn"),
        (190, 492, "the role on the Page was lost"),
        (190, 493, "it was not used for 90 days"),
        (190, 0, "it is not valid any more"),
        (190, 999, "it is not valid any more"),
        (102, 0, "it is not valid any more"),
        (102, 463, "the access has expired"),
    ],
)
def test_dead_token_asks_for_a_new_login_and_says_why(code: int, subcode: int, reason: str) -> None:
    found = raised(error(code, subcode, WORDS), 401)
    assert isinstance(found, LoginNeeded)
    assert f"because {reason} (code {code}" in found.message
    assert found.message.endswith("log in again.")
    assert (f"subcode {subcode}" in found.message) == bool(subcode)


@pytest.mark.parametrize("subcode", [459, 464, 490])
def test_checkpoint_is_for_the_owner_to_pass_on_facebook_and_the_token_stays(subcode: int) -> None:
    found = raised(error(190, subcode, WORDS))
    assert isinstance(found, OwnerError)
    assert not isinstance(found, LoginNeeded)
    assert "at facebook.com" in found.message


def test_page_that_wants_its_own_token_is_no_dead_login() -> None:
    found = raised(error(190, 2069032))
    assert isinstance(found, Refused)
    assert "Page's own token" in found.message


@pytest.mark.parametrize("code", [3, 10, 200, 210, 283, 299])
def test_missing_permission_is_for_the_owner_to_grant(code: int) -> None:
    found = raised(error(code, message=WORDS), 403)
    assert isinstance(found, PermissionMissing)
    assert "grant all of it" in found.message


def test_block_for_policy_is_shown_to_a_human_and_not_repeated() -> None:
    found = raised(error(368))
    assert isinstance(found, OwnerError)
    assert not isinstance(found, LoginNeeded | PermissionMissing)
    assert "policy" in found.message


@pytest.mark.parametrize(
    "answer",
    [
        error(101),
        error(1, message="Error validating client secret."),
        error(100, message="Invalid appsecret_proof provided in the API argument"),
    ],
)
def test_wrong_app_credentials_name_their_variables(answer: Any) -> None:
    found = raised(answer)
    assert isinstance(found, SetupError)
    assert "FACEBOOK_APP_ID and FACEBOOK_APP_SECRET" in found.message


def test_wrong_redirect_address_names_its_variable() -> None:
    found = raised(error(191))
    assert isinstance(found, SetupError)
    assert "FACEBOOK_REDIRECT_URI" in found.message


@pytest.mark.parametrize(("code", "subcode"), [(100, 0), (100, 33), (2500, 0), (2635, 0), (2642, 0), (300, 0), (0, 0)])
def test_our_own_mistake_is_neither_repeated_nor_put_on_the_owner(code: int, subcode: int) -> None:
    found = raised(error(code, subcode, WORDS))
    assert isinstance(found, Refused)
    assert (found.status, found.field) == (502, None)


def test_refused_field_is_named() -> None:
    found = raised(error(100, message="(#100) Tried accessing nonexisting field (parking) on node type (Page)"))
    assert isinstance(found, Refused)
    assert found.field == "parking"


@pytest.mark.parametrize("code", [0, 1, 3, 4, 10, 100, 101, 102, 190, 191, 200, 368, 2500])
@pytest.mark.parametrize("subcode", [0, 33, 459, 463, 2069032])
def test_facebooks_own_words_are_never_passed_on(code: int, subcode: int) -> None:
    found = raised(error(code, subcode, WORDS, error_user_msg=WORDS, error_data=WORDS))
    assert TOKEN not in found.message
    assert "validating" not in found.message


@pytest.mark.parametrize("data", [{"expected": 1}, '{"expected": 1}', "no json", None, 7])
def test_error_data_of_any_shape_does_not_matter(data: Any) -> None:
    assert isinstance(raised(error(190, 463, error_data=data)), LoginNeeded)


@pytest.mark.parametrize(
    "content",
    [
        '{"error": {}}',
        '{"error": {"code": null, "message": null}}',
        '{"error": {"code": "nonsense", "error_subcode": []}}',
        '{"error": {"code": NaN}}',
        '{"error": {"code": Infinity}}',
        '{"error": {"code": 1e999}}',
        f'{{"error": {{"code": 1{"0" * 400}}}}}',
    ],
)
def test_error_without_a_usable_code_is_a_refusal(content: str) -> None:
    assert isinstance(raised(content), Refused)


def test_code_sent_as_text_counts_like_a_number() -> None:
    assert isinstance(raised({"error": {"code": "190", "error_subcode": "460"}}), LoginNeeded)


@pytest.mark.parametrize("status", [200, 302, 500])
def test_code_decides_and_not_the_http_status(status: int) -> None:
    assert isinstance(raised(error(190, 463), status), LoginNeeded)


@pytest.mark.parametrize("body", ["", "<html>Sorry</html>", "{}", b"\xff"])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failed_server_is_tried_again(status: int, body: str | bytes) -> None:
    found = raised(body, status)
    assert isinstance(found, ProviderBusy)
    assert f"HTTP {status}" in found.message
    assert found.wait == MOMENT


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, ""), (200, "<html>"), (200, b"\xff"), (200, "null"), (302, "{}"), (404, "{}"), (400, '{"error": "text"}')],
)
def test_answer_that_cannot_be_read_is_said_to_be_so(status: int, body: str | bytes) -> None:
    found = raised(body, status)
    assert type(found) is ProviderError
    assert f"HTTP {status}" in found.message


@pytest.mark.parametrize("measure", ["call_count", "total_time", "total_cputime"])
@pytest.mark.parametrize(("percent", "wait"), [(0, 0), (79, 0), (79.9, 0), (80, 60), (100, 60), (250, 60)])
@pytest.mark.parametrize("header", ["x-app-usage", "x-page-usage"])
def test_budget_used_to_four_fifths_makes_us_wait(header: str, measure: str, percent: float, wait: float) -> None:
    assert usage({header: json.dumps({measure: percent})}).wait == wait


def test_tightest_of_all_budgets_counts() -> None:
    by_business = {
        "1": [{"type": "pages", "call_count": 3}, {"type": "messenger", "total_time": 91}],
        "2": [{"type": "pages", "total_cputime": 95, "estimated_time_to_regain_access": 0}],
    }
    headers = {**app_usage(call_count=10), "x-business-use-case-usage": json.dumps(by_business)}
    assert usage(headers) == Usage(95, 0)


@pytest.mark.parametrize(("minutes", "wait"), [(0, 0), (1, 60), (5, 300), (0.5, 60)])
def test_block_is_waited_out_whatever_the_percentage(minutes: float, wait: float) -> None:
    report = {"1": [{"call_count": 5, "estimated_time_to_regain_access": minutes}]}
    assert usage({"x-business-use-case-usage": json.dumps(report)}).wait == wait


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "null",
        "99",
        '{"call_count": "many"}',
        '{"call_count": null, "total_time": [99], "total_cputime": {}}',
        '{"call_count": NaN, "total_time": "inf"}',
        '{"1": 99, "2": [99, null, "x"], "3": {"call_count": 99}}',
    ],
)
@pytest.mark.parametrize("header", ["x-app-usage", "x-page-usage", "x-business-use-case-usage"])
def test_malformed_usage_header_tells_nothing(header: str, text: str) -> None:
    assert usage({header: text}) == Usage(0, 0)


def test_number_sent_as_text_counts() -> None:
    assert usage(app_usage(call_count="85")).percent == 85


@given(st.text())
def test_any_usage_header_at_all_can_be_read(text: str) -> None:
    assert usage({"x-app-usage": text}).wait >= 0


_JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=3)


@given(_JSON, _JSON, _JSON)
def test_error_of_any_shape_is_one_that_we_can_name(code: Any, subcode: Any, message: Any) -> None:
    raised({"error": {"code": code, "error_subcode": subcode, "message": message}})
