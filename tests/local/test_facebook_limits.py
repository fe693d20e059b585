"""Batches, limits and faults on demand at the sandbox Facebook."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from local.facebook.settings import Budgets
from tests.local.facebook_client import (
    APP_TOKEN,
    ASTRID,
    CAFE,
    CLEARED,
    HOUR,
    WHOLE,
    Facebook,
    error_of,
    proof,
)


class TestBatch:
    def test_each_entry_has_its_own_token_status_and_body(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        tokens = {page: facebook.page_token(page, user) for page in (CAFE, WHOLE)}
        entries = [_entry(page, token, fields="name,phone") for page, token in tokens.items()]
        entries += [
            {"method": "GET", "relative_url": "v26.0/me?fields=name"},
            _entry(CLEARED, tokens[CAFE], fields="name"),
        ]
        reply = facebook.batch(user, entries, include_headers="false")
        assert reply.status_code == 200
        assert reply.json is not None
        assert [one["code"] for one in reply.json] == [200, 200, 200, 400]
        assert json.loads(reply.json[0]["body"])["phone"] == "+46 8 123 45 67"
        assert json.loads(reply.json[2]["body"])["id"] == ASTRID
        assert all("headers" not in one for one in reply.json)
        assert facebook.seen()[-1]["batch"] == 4

    def test_an_entry_with_a_token_of_its_own_needs_a_proof_of_its_own(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        entry = {"method": "GET", "relative_url": f"{CAFE}?fields=name&access_token={facebook.page_token(CAFE, user)}"}
        reply = facebook.batch(user, [entry]).json
        assert reply is not None
        assert reply[0]["code"] == 400
        assert "require an appsecret_proof" in reply[0]["body"]

    def test_a_post_entry_has_its_fields_in_its_body(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        token = facebook.page_token(CAFE, user)
        body = urlencode({"subscribed_fields": "name", "access_token": token, "appsecret_proof": proof(token)})
        reply = facebook.batch(user, [{"method": "POST", "relative_url": f"{CAFE}/subscribed_apps", "body": body}])
        assert reply.json is not None
        assert json.loads(reply.json[0]["body"]) == {"success": True}
        assert {"name": "facebook-api-version", "value": "v26.0"} in reply.json[0]["headers"]

    def test_51_are_too_many(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        fifty = [{"method": "GET", "relative_url": "me"}] * 50
        assert len(facebook.batch(user, fifty).json or []) == 50
        reply = facebook.batch(user, fifty + fifty[:1])
        assert reply.json is not None
        assert reply.json["error"]["type"] == "GraphBatchException"
        assert reply.json["error"]["message"] == "Too many requests in batch message. Maximum batch size is 50"

    def test_a_token_for_the_whole_is_needed_too(self) -> None:
        facebook = Facebook()
        entry = _entry(CAFE, facebook.page_token(CAFE))
        assert error_of(facebook.web.post("/graph/v26.0/", data={"batch": json.dumps([entry])}))[0] == 104

    def test_the_token_of_the_whole_has_to_be_good(self) -> None:
        facebook = Facebook()
        entry = _entry(CAFE, facebook.page_token(CAFE))
        assert error_of(facebook.batch("EAASnonsense", [entry]))[0] == 190
        assert facebook.batch(APP_TOKEN, [entry]).status_code == 200

    @pytest.mark.parametrize("batch", ["{}", "[]", "[1]", "no", '[{"relative_url":"me","depends_on":"x"}]'])
    def test_what_is_no_batch_is_refused(self, batch: str) -> None:
        facebook = Facebook()
        assert facebook.error("POST", "", facebook.long_token(), batch=batch)[0] == 100

    def test_unanswered_entries_are_null_and_the_others_stand(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        facebook.fault(where="page", kind="null_entry", page=CLEARED)
        facebook.fault(where="page", kind="500", page=WHOLE)
        entries = [_entry(page, user, fields="name") for page in (CAFE, CLEARED, WHOLE)]
        reply = facebook.batch(user, entries).json
        assert reply is not None
        assert [one and one["code"] for one in reply] == [200, None, 500]
        again = facebook.batch(user, entries).json
        assert again is not None
        assert [one["code"] for one in again] == [200, 200, 200]


class TestLimits:
    def test_headers_tell_how_much_is_used_once_there_is_something_to_tell(self) -> None:
        facebook = Facebook(budgets=Budgets(app=200, page=50))
        user = facebook.long_token()
        assert "X-App-Usage" not in facebook.call("GET", "me", user).headers
        assert json.loads(facebook.call("GET", "me", user).headers["X-App-Usage"])["call_count"] == 1
        token = facebook.page_token(CLEARED, user)
        header = json.loads(facebook.call("GET", CLEARED, token).headers["X-Business-Use-Case-Usage"])
        expected = {
            "type": "pages",
            "call_count": 2,
            "total_cputime": 0,
            "total_time": 0,
            "estimated_time_to_regain_access": 0,
        }
        assert header == {CLEARED: [expected]}

    def test_a_page_is_throttled_and_told_in_minutes_when_it_ends(self) -> None:
        facebook = Facebook(budgets=Budgets(page=2))
        token = facebook.page_token(CLEARED)
        for _ in "12":
            facebook.ok("GET", CLEARED, token)
            facebook.now += HOUR
        reply = facebook.call("GET", CLEARED, token)
        assert error_of(reply)[0] == 80001
        usage = json.loads(reply.headers["X-Business-Use-Case-Usage"])[CLEARED][0]
        assert usage["call_count"] >= 100
        facebook.now += 60 * usage["estimated_time_to_regain_access"]
        assert facebook.ok("GET", CLEARED, token)

    def test_going_on_while_throttled_prolongs_it(self) -> None:
        facebook = Facebook(budgets=Budgets(page=2))
        token = facebook.page_token(CLEARED)
        facebook.ok("GET", CLEARED, token)
        facebook.now += HOUR
        facebook.ok("GET", CLEARED, token)
        facebook.call("GET", CLEARED, token)
        facebook.now += 2 * HOUR
        assert _wait(facebook.call("GET", CLEARED, token)) == 22 * 60
        assert _wait(facebook.call("GET", CLEARED, token)) == 24 * 60

    def test_app_and_person_are_throttled_with_their_own_codes(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        facebook.control("budgets", person=1)
        facebook.ok("GET", "me", token)
        assert facebook.error("GET", "me", token)[0] == 17
        assert facebook.error("GET", CLEARED, token)[0] == 32
        facebook.control("budgets", app=1, person=1000)
        facebook.ok("GET", "me", token)
        assert facebook.error("GET", "me", token)[0] == 4
        assert facebook.error("GET", "debug_token", APP_TOKEN, input_token=token)[0] == 4

    def test_each_entry_of_a_batch_counts(self) -> None:
        facebook = Facebook(budgets=Budgets(page=10))
        user = facebook.long_token()
        token = facebook.page_token(CLEARED, user)
        reply = facebook.batch(user, [_entry(CLEARED, token)] * 12)
        assert reply.json is not None
        assert [one["code"] for one in reply.json] == [200] * 10 + [400] * 2
        assert CLEARED in json.loads(reply.headers["X-Business-Use-Case-Usage"])


class TestFaults:
    @pytest.mark.parametrize(("code", "header"), [(4, "X-App-Usage"), (613, "X-App-Usage"), (32, "X-Page-Usage")])
    def test_throttling_on_demand_comes_with_a_full_header(self, code: int, header: str) -> None:
        facebook = Facebook()
        facebook.fault(where="accounts", kind="error", code=code)
        token = facebook.long_token()
        reply = facebook.call("GET", "me/accounts", token)
        assert error_of(reply)[0] == code
        assert json.loads(reply.headers[header])["call_count"] == 100
        assert facebook.ok("GET", "me/accounts", token)

    def test_throttling_of_a_page_says_for_how_long(self) -> None:
        facebook = Facebook()
        facebook.fault(where="page", kind="error", code=80001, minutes=17)
        assert _wait(facebook.call("GET", CLEARED, facebook.long_token())) == 17

    @pytest.mark.parametrize("subcode", [458, 459, 460, 463, 464, 467, 490, 492, 493, 2069032])
    def test_every_way_of_losing_a_token_can_be_had(self, subcode: int) -> None:
        facebook = Facebook()
        facebook.fault(where="graph", kind="error", code=190, subcode=subcode)
        found = facebook.error("GET", "me", "EAAS")
        assert found[:2] == (190, subcode)
        assert len(found[2]) > 30

    def test_an_error_may_carry_its_data_as_a_string(self) -> None:
        facebook = Facebook()
        facebook.fault(where="me", kind="error", code=1, transient=True, data='{"blame":1}', message="Please reduce")
        reply = facebook.call("GET", "me", "EAAS")
        assert reply.status_code == 500
        assert reply.json is not None
        assert reply.json["error"]["error_data"] == '{"blame":1}'
        assert reply.json["error"]["is_transient"] is True

    def test_rules_wait_their_turn_for_their_page(self) -> None:
        facebook = Facebook()
        user = facebook.long_token()
        facebook.fault(where="page", kind="502", page=CLEARED, after=1, times=2)
        assert [
            facebook.call("GET", page, user).status_code for page in (CLEARED, WHOLE, CLEARED, CLEARED, CLEARED)
        ] == [200, 200, 502, 502, 200]

    def test_nonsense_instead_of_an_answer(self) -> None:
        facebook = Facebook()
        for kind in ("html", "garbage", "503"):
            facebook.fault(where="me", kind=kind)
        html, garbage, proxy = (facebook.call("GET", "me", "EAAS") for _ in "123")
        assert (html.status_code, html.mimetype) == (200, "text/html")
        assert garbage.mimetype == "application/json"
        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            json.loads(garbage.data)
        assert (proxy.status_code, proxy.mimetype) == (503, "text/html")

    def test_the_app_can_be_removed_in_the_middle_of_a_login(self) -> None:
        facebook = Facebook()
        token = facebook.long_token()
        facebook.fault(where="accounts", kind="revoked")
        assert facebook.error("GET", "me/accounts", token)[:2] == (190, 458)

    @pytest.mark.parametrize(
        "rule",
        [
            {"where": "moon", "kind": "500"},
            {"where": "me", "kind": "sleepy"},
            {"where": "me", "kind": "error"},
            {"where": "dialog", "kind": "500"},
            {"where": "page", "kind": "no_expiry"},
            {"wher": "page"},
        ],
    )
    def test_a_rule_that_means_nothing_is_refused(self, rule: dict[str, Any]) -> None:
        assert Facebook().web.post("/_sandbox/faults", json=[rule]).status_code == 400


def _entry(page: str, token: str, **params: str) -> dict[str, str]:
    sent = {"access_token": token, "appsecret_proof": proof(token), **params}
    return {"method": "GET", "relative_url": f"v26.0/{page}?{urlencode(sent)}"}


def _wait(reply: Any) -> int:
    minutes: int = json.loads(reply.headers["X-Business-Use-Case-Usage"])[CLEARED][0]["estimated_time_to_regain_access"]
    return minutes
