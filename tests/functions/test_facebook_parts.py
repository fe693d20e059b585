"""facebook/callback when one part fails: each part tells its own cause, and one Page's failure costs that Page only."""

import json
from typing import Any

import pytest

from local.facebook.settings import Budgets
from stockroom.space import Space
from tests.functions.conftest import Clock, Functions, Log
from tests.functions.environment import FACEBOOK_VERIFY_TOKEN, FACEBOOK_WEBHOOK_ADDRESS, HOST
from tests.functions.facebook_sandbox import CAFE, CLEARED, WHOLE, FacebookSandbox
from tests.functions.invoke import HTML, Answer
from tests.storage.wire import Wire

PAGES = (CAFE, CLEARED, WHOLE)
OLD = f"{HOST}/facebook/older"
LOST_SESSIONS = {
    458: "the app was removed on Facebook",
    460: "the password was changed",
    463: "the access has expired",
    467: "the access was withdrawn",
    492: "the role on the Page was lost",
    493: "it was not used for 90 days",
    None: "it is not valid any more",
}


def by_page(answer: Answer, part: str) -> dict[str, dict[str, str]]:
    return {item["page_id"]: item["result"] for item in answer.body[part]}


def statuses(answer: Answer, part: str) -> dict[str, str]:
    return {page: result["status"] for page, result in by_page(answer, part).items()}


def stored(space: Space, key: str) -> Any:
    found = space.read(key)
    return json.loads(found.body) if found else None


@pytest.mark.parametrize(("subcode", "reason"), LOST_SESSIONS.items())
def test_a_dead_token_of_one_page_costs_that_page_only(
    facebook: FacebookSandbox, bucket: Space, log: Log, subcode: int | None, reason: str
) -> None:
    facebook.fault(where="page", kind="error", code=190, subcode=subcode, page=CLEARED)
    answer = facebook.login()
    assert answer.status == 200
    assert statuses(answer, "polling_test") == {CAFE: "success", CLEARED: "error", WHOLE: "success"}
    assert statuses(answer, "upload_status_result") == {CAFE: "success", CLEARED: "failed", WHOLE: "success"}
    message = by_page(answer, "polling_test")[CLEARED]["message"]
    assert reason in message
    assert "log in again" in message
    assert "polling_test failed" in by_page(answer, "upload_status_result")[CLEARED]["message"]
    assert f"Polling test failed: {message}" in log.text
    assert stored(bucket, f"facebook/{CLEARED}/page_data.json") is None
    assert stored(bucket, f"facebook/{CLEARED}/freshness.json")["lastError"]["message"] == message
    assert stored(bucket, f"facebook/{WHOLE}/page_data.json")


@pytest.mark.parametrize("subcode", [459, 464, 490])
def test_a_checkpoint_is_a_matter_for_the_owner(facebook: FacebookSandbox, subcode: int) -> None:
    facebook.fault(where="page", kind="error", code=190, subcode=subcode, page=CAFE)
    message = by_page(facebook.login(), "polling_test")[CAFE]["message"]
    assert "confirm something at facebook.com first" in message


def test_the_last_good_snapshot_stays_when_a_page_cannot_be_read(facebook: FacebookSandbox, bucket: Space) -> None:
    facebook.login()
    before = bucket.read(f"facebook/{CAFE}/page_data.json")
    facebook.fault(where="page", kind="error", code=190, subcode=460, page=CAFE)
    facebook.login()
    assert bucket.read(f"facebook/{CAFE}/page_data.json") == before
    record = stored(bucket, f"facebook/{CAFE}/freshness.json")
    assert "password was changed" in record["lastError"]["message"]


@pytest.mark.parametrize("field", ["food_styles", "hours", "name", "picture"])
def test_a_field_that_facebook_retired_costs_one_field_of_one_page(
    facebook: FacebookSandbox, bucket: Space, field: str
) -> None:
    said = f"(#100) Tried accessing nonexisting field ({field}) on node type (Page)"
    facebook.fault(where="page", kind="error", code=100, message=said, page=WHOLE)
    assert set(statuses(facebook.login(), "upload_status_result").values()) == {"success"}
    whole, cafe = (stored(bucket, f"facebook/{page}/page_data.json") for page in (WHOLE, CAFE))
    assert cafe.keys() - whole.keys() == {field}


@pytest.mark.parametrize("code", [10, 100, 200, 210])
def test_what_facebook_refuses_without_a_name_is_asked_for_in_smaller_parts(
    facebook: FacebookSandbox, bucket: Space, code: int
) -> None:
    facebook.fault(where="page", kind="error", code=code, page=WHOLE)
    assert statuses(facebook.login(), "upload_status_result")[WHOLE] == "success"
    whole = stored(bucket, f"facebook/{WHOLE}/page_data.json")
    assert whole["description"]
    assert "mission" not in whole


def test_a_page_that_refuses_everything_is_told_apart(facebook: FacebookSandbox) -> None:
    facebook.fault(where="page", kind="error", code=100, page=WHOLE, times=20)
    answer = facebook.login()
    assert "Facebook refused the request (code 100)" in by_page(answer, "polling_test")[WHOLE]["message"]
    assert statuses(answer, "upload_status_result") == {CAFE: "success", CLEARED: "success", WHOLE: "failed"}


@pytest.mark.parametrize("kind", ["null_entry", "timeout", "502"])
def test_an_entry_that_facebook_did_not_finish_is_asked_for_again(facebook: FacebookSandbox, kind: str) -> None:
    facebook.fault(where="page", kind=kind, page=CLEARED)
    assert set(statuses(facebook.login(), "upload_status_result").values()) == {"success"}


def test_a_page_whose_budget_is_used_up_is_told_when_it_works_again(facebook: FacebookSandbox) -> None:
    facebook.fault(where="page", kind="error", code=80001, minutes=7, page=CLEARED, times=9)
    answer = facebook.login()
    message = by_page(answer, "polling_test")[CLEARED]["message"]
    assert "works again in 420 seconds" in message
    assert statuses(answer, "upload_status_result") == {CAFE: "success", CLEARED: "failed", WHOLE: "success"}


def test_a_page_that_cannot_be_subscribed_is_not_uploaded_and_the_others_are(
    facebook: FacebookSandbox, log: Log
) -> None:
    facebook.fault(where="subscribed_apps", kind="error", code=200, page=CLEARED)
    answer = facebook.login()
    test = answer.body["webhook_test"]
    assert test["status"] == "error"
    assert test["message"].startswith("1 of 3 Pages could not be subscribed. Facebook misses a permission")
    assert f"Webhook setup failed: {test['message']}" in log.text
    assert statuses(answer, "upload_status_result") == {CAFE: "success", CLEARED: "failed", WHOLE: "success"}
    assert "webhook_test failed" in by_page(answer, "upload_status_result")[CLEARED]["message"]


@pytest.mark.parametrize(
    ("reply", "fix"),
    [
        ((403, {}, b""), "FACEBOOK_VERIFY_TOKEN"),
        ((200, {}, b"<h1>Hello</h1>"), "HTTP 200 and not the challenge: check FACEBOOK_WEBHOOK_ADDRESS"),
        ((404, {}, b""), "HTTP 404 and not the challenge: check FACEBOOK_WEBHOOK_ADDRESS"),
        ((302, {"location": "https://evil.org"}, b""), "HTTP 302 and not the challenge"),
    ],
)
def test_a_webhook_that_does_not_echo_is_named_and_nothing_is_subscribed_or_uploaded(
    facebook: FacebookSandbox, bucket: Space, log: Log, reply: Any, fix: str
) -> None:
    facebook.own = lambda _: reply
    answer = facebook.login()
    assert answer.body["webhook_test"]["status"] == "error"
    assert fix in answer.body["webhook_test"]["message"]
    assert "Webhook setup failed: " in log.text
    assert set(statuses(answer, "polling_test").values()) == {"success"}
    assert set(statuses(answer, "upload_status_result").values()) == {"failed"}
    assert not [entry for entry in bucket.list("") if entry.key.endswith("page_data.json")]
    assert facebook.world.kept.subscriptions == {}


def test_a_webhook_with_another_app_secret_is_named(facebook: FacebookSandbox, functions: Functions) -> None:
    to_function = facebook.own

    def own(request: Any) -> Any:
        """Deployed with other variables than the callback."""
        functions.environment["FACEBOOK_APP_SECRET"], kept = (
            "another-secret-of-good-length",
            functions.environment["FACEBOOK_APP_SECRET"],
        )
        answer = to_function(request)
        functions.environment["FACEBOOK_APP_SECRET"] = kept
        return answer

    facebook.own = own
    test = facebook.login().body["webhook_test"]
    assert test["status"] == "error"
    assert "HTTP 401" in test["message"]
    assert "the same FACEBOOK_APP_SECRET" in test["message"]


def test_somebody_elses_server_that_says_200_is_not_our_webhook(facebook: FacebookSandbox) -> None:
    to_function = facebook.own

    def own(request: Any) -> Any:
        return to_function(request) if request.method == "GET" else (200, {}, "thanks")

    facebook.own = own
    test = facebook.login().body["webhook_test"]
    assert test["status"] == "error"
    assert "did not keep it: check FACEBOOK_WEBHOOK_ADDRESS" in test["message"]


def test_another_address_is_not_overwritten_unless_it_is_named(facebook: FacebookSandbox, functions: Functions) -> None:
    facebook.login()
    subscription = facebook.world.kept.subscriptions["page"]
    subscription.callback_url = OLD
    test = facebook.login().body["webhook_test"]
    assert f"go to {OLD} and an app has one address only" in test["message"]
    assert "set FACEBOOK_REPLACES_WEBHOOK to that address" in test["message"]
    assert facebook.world.kept.subscriptions["page"].callback_url == OLD
    functions.environment["FACEBOOK_REPLACES_WEBHOOK"] = f"{HOST}/facebook/another"
    assert facebook.login().body["webhook_test"]["status"] == "error"
    functions.environment["FACEBOOK_REPLACES_WEBHOOK"] = OLD
    assert facebook.login().body["webhook_test"]["status"] == "success"
    assert facebook.world.kept.subscriptions["page"].callback_url == FACEBOOK_WEBHOOK_ADDRESS


def test_a_subscription_that_vanished_is_put_back(facebook: FacebookSandbox) -> None:
    facebook.login()
    facebook.world.kept.subscriptions.clear()
    del facebook.world.kept.page_subscriptions[CAFE]
    facebook.login()
    assert facebook.world.kept.subscriptions["page"].callback_url == FACEBOOK_WEBHOOK_ADDRESS
    assert set(facebook.world.kept.page_subscriptions) == set(PAGES)


def test_fields_that_somebody_else_subscribed_stay(facebook: FacebookSandbox) -> None:
    """Such as the bot's own messages."""
    facebook.login()
    facebook.world.kept.subscriptions["page"].fields = ["feed", "name"]
    facebook.world.kept.page_subscriptions[CAFE] = ["feed"]
    facebook.login()
    assert {"feed", "name", "phone"} <= set(facebook.world.kept.subscriptions["page"].fields)
    assert {"feed", "name", "phone"} <= set(facebook.world.kept.page_subscriptions[CAFE])


@pytest.mark.parametrize("name", ["page_data", "freshness"])
def test_a_page_that_cannot_be_written_is_told_apart(
    facebook: FacebookSandbox, bucket: Space, wire: Wire, log: Log, name: str
) -> None:
    wire.next_writes("request lost", 3, f"facebook/{CLEARED}/{name}.json")
    answer = facebook.login()
    assert statuses(answer, "upload_status_result") == {CAFE: "success", CLEARED: "failed", WHOLE: "success"}
    assert "Failed to upload to Spaces: " in log.text


def test_a_token_that_cannot_be_sealed_costs_that_page_only(
    facebook: FacebookSandbox, bucket: Space, wire: Wire
) -> None:
    wire.next_writes("request lost", 3, f".stockroom/tokens/facebook/{CLEARED}.json")
    answer = facebook.login()
    assert statuses(answer, "upload_status_result") == {CAFE: "success", CLEARED: "failed", WHOLE: "success"}
    assert stored(bucket, f"facebook/{CLEARED}/page_data.json") is None


def test_a_login_whose_state_cannot_be_noted_goes_no_further(facebook: FacebookSandbox, wire: Wire) -> None:
    wire.next_writes("request lost", 3)
    assert facebook.login().status == 503
    assert facebook.asked == []


@pytest.mark.parametrize(
    ("variable", "value", "status"),
    [("SPACES_BUCKET", "there-is-none", 500), ("SPACES_ENDPOINT", "http://127.0.0.1:9", 503)],
)
def test_without_a_bucket_facebook_is_not_even_asked(
    facebook: FacebookSandbox, functions: Functions, *, variable: str, value: str, status: int
) -> None:
    functions.environment[variable] = value
    answer = facebook.login()
    assert answer.status == status
    assert variable in answer.message
    assert facebook.asked == []


def test_a_reading_that_was_overtaken_leaves_the_later_snapshot_and_its_record_alone(
    facebook: FacebookSandbox, bucket: Space, clock: Clock
) -> None:
    """Two logins at once: the one that began to read first ends last."""
    facebook.login(pages=[CAFE])
    later = [bucket.read(f"facebook/{CAFE}/{name}.json") for name in ("page_data", "freshness")]
    facebook.world.edit({CAFE: {"phone": "+46 8 000"}})
    clock.advance(-30)
    (result,) = facebook.login(pages=[CAFE]).body["upload_status_result"]
    assert result["result"]["status"] == "success"
    assert "a later reading lies in the bucket already" in result["result"]["message"]
    assert [bucket.read(f"facebook/{CAFE}/{name}.json") for name in ("page_data", "freshness")] == later


def test_a_page_shows_each_failure_with_its_message(facebook: FacebookSandbox) -> None:
    facebook.fault(where="page", kind="error", code=190, subcode=492, page=CLEARED)
    answer = facebook.login(headers=HTML)
    assert "<h1>Your Pages are connected, but not all is well</h1>" in answer.body
    assert answer.body.count("<span class='badge success'>") == 3
    assert "<span class='badge error'>error</span>" in answer.body
    assert "the role on the Page was lost" in answer.body


def test_a_wait_that_is_longer_than_the_call_is_not_waited_for(facebook: FacebookSandbox, clock: Clock) -> None:
    begun = clock()
    facebook.fault(where="accounts", kind="error", code=80001, minutes=10)
    assert facebook.login().status == 503
    assert clock() - begun < 30


def test_an_app_whose_calls_are_nearly_used_up_stops_by_itself_and_says_until_when(facebook: FacebookSandbox) -> None:
    """Going on would prolong the block."""
    facebook.world.usage.budgets = Budgets(app=4)
    answer = facebook.login()
    assert answer.status == 503
    assert answer.message == "Facebook's call limit is nearly used up; there is room again in 60 seconds."
    assert answer.headers["retry-after"] == "60"
    assert facebook.asked.count("subscriptions") == 2
    assert "batch" not in facebook.asked


def test_a_login_that_runs_out_of_time_ends_before_the_platform_ends_it(
    facebook: FacebookSandbox, bucket: Space, clock: Clock
) -> None:
    to_function = facebook.own

    def own(request: Any) -> Any:
        clock.advance(25)
        return to_function(request)

    facebook.own = own
    answer = facebook.login()
    assert answer.status == 503
    assert answer.message == "This is too much to be read in one call."
    assert "batch" not in facebook.asked
    assert all("/used/" in entry.key or "/people/" in entry.key for entry in bucket.list(""))


def test_the_verify_token_is_told_to_facebook_by_stockroom_itself(facebook: FacebookSandbox) -> None:
    shown: list[str] = []
    to_function = facebook.own

    def own(request: Any) -> Any:
        shown.append(request.url)
        return to_function(request)

    facebook.own = own
    facebook.login()
    assert sum(FACEBOOK_VERIFY_TOKEN in address for address in shown) == 2
