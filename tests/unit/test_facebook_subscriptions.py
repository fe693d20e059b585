import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from responses import matchers

from stockroom import inbox
from stockroom.errors import LoginNeeded, SetupError
from stockroom.facebook import events, subscriptions
from stockroom.facebook.reply import PermissionMissing
from stockroom.facebook.subscriptions import FIELDS, Endpoint, wanted
from stockroom.signing import verify_facebook_webhook
from stockroom.space import Space
from tests.unit.admin_api import NOW
from tests.unit.graph_api import (
    APP,
    Asked,
    Entry,
    answered,
    entry,
    failing,
    graph,
    ok,
    page,
    path_of,
    play,
    query_of,
    refused,
    serve,
)

ADDRESS = "https://faas.example/api/v1/web/ns/facebook/webhook"
OLD = "https://old.example/webhook"
VERIFY = "verify-token-of-more-than-32-characters"
ENDPOINT = Endpoint(ADDRESS, VERIFY)
ALL = [{"name": name, "version": "v26.0"} for name in FIELDS]


def there(**changes: Any) -> dict[str, Any]:
    return {"object": "page", "callback_url": ADDRESS, "active": True, "fields": ALL, **changes}


def subscribed(*fields: Any) -> dict[str, Any]:
    return entry({"data": [{"id": APP.id, "name": "Stockroom", "subscribed_fields": list(fields)}]})


def test_app_without_a_subscription_needs_every_field() -> None:
    assert wanted([], ENDPOINT) == list(FIELDS)
    others = [there(object="user", callback_url=OLD), there(object="instagram", callback_url=OLD)]
    assert wanted(others, ENDPOINT) == list(FIELDS)


def test_subscription_that_does_not_say_whether_it_is_active_is_taken_for_it() -> None:
    known = {name: value for name, value in there().items() if name != "active"}
    assert wanted([known], ENDPOINT) == []


@pytest.mark.parametrize("fields", [ALL, list(FIELDS), [*ALL, {"name": "feed"}]])
def test_subscription_that_is_right_is_left_alone(fields: list[Any]) -> None:
    assert wanted([there(object="user", callback_url=OLD), there(fields=fields)], ENDPOINT) == []


@pytest.mark.parametrize(
    ("changes", "others"),
    [
        ({"fields": ALL[1:]}, list(FIELDS[1:])),
        ({"fields": [{"name": "feed"}, "name"]}, ["feed", "name"]),
        ({"fields": []}, []),
        ({"fields": None}, []),
        ({"active": False, "fields": [{"name": "feed"}, *ALL]}, ["feed"]),
    ],
)
def test_subscription_that_lacks_something_is_made_anew_and_loses_nothing(
    changes: dict[str, Any], others: list[str]
) -> None:
    found = wanted([there(**changes)], ENDPOINT)
    assert set(found) == {*FIELDS, *others}
    assert len(found) == len(set(found))


@pytest.mark.parametrize("replaces", [None, "https://third.example/webhook", OLD + "/"])
def test_another_address_is_not_overwritten_without_the_operators_word(replaces: str | None) -> None:
    with pytest.raises(SetupError) as caught:
        wanted([there(callback_url=OLD)], Endpoint(ADDRESS, VERIFY, replaces))
    assert OLD in caught.value.message
    assert "set FACEBOOK_REPLACES_WEBHOOK" in caught.value.message


def test_address_that_the_operator_names_is_replaced_and_its_fields_are_kept() -> None:
    found = wanted([there(callback_url=OLD, fields=["feed", *FIELDS])], Endpoint(ADDRESS, VERIFY, OLD))
    assert found == ["feed", *FIELDS]


def test_naming_an_older_address_does_not_undo_a_subscription_that_is_right() -> None:
    assert wanted([there()], Endpoint(ADDRESS, VERIFY, OLD)) == []


def test_app_is_subscribed_by_its_own_token(web: responses.RequestsMock) -> None:
    seen = play(web, ok({"data": []}), ok({"success": True}))
    subscriptions.subscribe_app(graph(), APP, ENDPOINT)
    assert [(one.method, one.path, one.token) for one in seen] == [
        ("GET", f"{APP.id}/subscriptions", f"{APP.id}|app-secret"),
        ("POST", f"{APP.id}/subscriptions", f"{APP.id}|app-secret"),
    ]
    made = seen[1].fields
    assert (made["object"], made["callback_url"], made["verify_token"]) == ("page", ADDRESS, VERIFY)
    assert (made["fields"], made["include_values"]) == (",".join(FIELDS), "true")


def test_app_that_is_subscribed_right_is_only_looked_at(web: responses.RequestsMock) -> None:
    seen = play(web, ok({"data": [there()]}))
    subscriptions.subscribe_app(graph(), APP, ENDPOINT)
    assert [one.method for one in seen] == ["GET"]


def test_app_with_another_address_is_only_looked_at(web: responses.RequestsMock) -> None:
    seen = play(web, ok({"data": [there(callback_url=OLD)]}))
    with pytest.raises(SetupError):
        subscriptions.subscribe_app(graph(), APP, ENDPOINT)
    assert [one.method for one in seen] == ["GET"]


def test_app_whose_credentials_are_wrong_is_told(web: responses.RequestsMock) -> None:
    play(web, failing(101))
    with pytest.raises(SetupError, match="FACEBOOK_APP_SECRET"):
        subscriptions.subscribe_app(graph(), APP, ENDPOINT)


def pages_subscribed(web: responses.RequestsMock, state: dict[str, Entry], made: Entry) -> list[Asked]:
    return serve(web, answered(lambda one: state[path_of(one).partition("/")[0]] if one["method"] == "GET" else made))


def test_only_pages_that_lack_a_field_are_subscribed_each_with_its_own_token(web: responses.RequestsMock) -> None:
    state: dict[str, Entry] = {
        "1": subscribed(*FIELDS),
        "2": subscribed(*FIELDS[1:]),
        "3": entry({"data": []}),
        "4": subscribed(*ALL, "feed"),
        "5": subscribed("messages", *FIELDS[:3]),
        "6": entry({"data": [{"id": APP.id}]}),
    }
    seen = pages_subscribed(web, state, entry({"success": True}))
    assert subscriptions.subscribe_pages(graph(), [page(number) for number in range(1, 7)]) == {}
    made = seen[1].batch
    assert [path_of(one) for one in made] == [f"{number}/subscribed_apps" for number in (2, 3, 5, 6)]
    assert [one["access_token"] for one in made] == [f"EAApage{number}" for number in (2, 3, 5, 6)]
    fields = [query_of(one)["subscribed_fields"].split(",") for one in made]
    assert all(set(FIELDS) <= set(some) and len(some) == len(set(some)) for some in fields)
    assert "messages" in fields[2]


def test_pages_that_are_all_subscribed_are_only_looked_at(web: responses.RequestsMock) -> None:
    seen = pages_subscribed(web, {"1": subscribed(*FIELDS)}, None)
    assert subscriptions.subscribe_pages(graph(), [page(1)]) == {}
    assert len(seen) == 1


def test_page_that_cannot_be_subscribed_is_a_problem_of_that_page_only(web: responses.RequestsMock) -> None:
    def reply(one: dict[str, str]) -> Entry:
        name = path_of(one).partition("/")[0]
        if one["method"] == "GET":
            return refused(190, 492) if name == "1" else entry({"data": []})
        return refused(200) if name == "2" else entry({"success": True})

    seen = serve(web, answered(reply))
    problems = subscriptions.subscribe_pages(graph(), [page(1), page(2), page(3)])
    assert {name: type(problem) for name, problem in problems.items()} == {"1": LoginNeeded, "2": PermissionMissing}
    assert [path_of(one) for one in seen[1].batch] == ["2/subscribed_apps", "3/subscribed_apps"]


def test_no_page_is_no_request(web: responses.RequestsMock) -> None:
    assert subscriptions.subscribe_pages(graph(), []) == {}


def echo(request: Any) -> tuple[int, dict[str, str], str]:
    query = parse_qs(urlsplit(request.url).query)
    assert (query["hub.mode"], query["hub.verify_token"]) == (["subscribe"], [VERIFY])
    return 200, {}, query["hub.challenge"][0]


def test_webhook_that_echoes_the_challenge_passes(web: responses.RequestsMock) -> None:
    in_time = matchers.request_kwargs_matcher({"timeout": (3.05, 6)})
    web.add_callback(responses.GET, ADDRESS, callback=echo, match=[in_time])
    subscriptions.check_handshake(ENDPOINT)
    subscriptions.check_handshake(ENDPOINT)
    first, second = (call.request.url for call in web.calls)
    assert first != second


@pytest.mark.parametrize(
    ("answer", "variable"),
    [
        ((403, {}, ""), "FACEBOOK_VERIFY_TOKEN"),
        ((404, {}, ""), "FACEBOOK_WEBHOOK_ADDRESS"),
        ((500, {}, ""), "FACEBOOK_WEBHOOK_ADDRESS"),
        ((302, {"location": ADDRESS}, ""), "FACEBOOK_WEBHOOK_ADDRESS"),
        ((200, {}, ""), "FACEBOOK_WEBHOOK_ADDRESS"),
        ((200, {}, "<html>a page</html>"), "FACEBOOK_WEBHOOK_ADDRESS"),
        (requests.ConnectionError(f"{ADDRESS}?hub.verify_token={VERIFY}"), "FACEBOOK_WEBHOOK_ADDRESS"),
        (requests.ReadTimeout(), "FACEBOOK_WEBHOOK_ADDRESS"),
    ],
)
def test_webhook_that_fails_the_handshake_names_the_variable(
    web: responses.RequestsMock, answer: Any, variable: str
) -> None:
    if isinstance(answer, Exception):
        web.get(ADDRESS, body=answer)
    else:
        web.add_callback(responses.GET, ADDRESS, callback=lambda _: answer)
    with pytest.raises(SetupError, match=variable) as caught:
        subscriptions.check_handshake(ENDPOINT)
    assert VERIFY not in caught.value.message
    assert len(web.calls) == 1


@pytest.mark.parametrize("around", ["{}\n", '"{}"', "{}{}", " {}"])
def test_challenge_with_anything_around_it_is_refused_as_facebook_would(
    web: responses.RequestsMock, around: str
) -> None:
    def nearly(request: Any) -> tuple[int, dict[str, str], str]:
        status, headers, text = echo(request)
        return status, headers, around.replace("{}", text)

    web.add_callback(responses.GET, ADDRESS, callback=nearly)
    with pytest.raises(SetupError, match="not the challenge"):
        subscriptions.check_handshake(ENDPOINT)


def test_test_event_goes_the_whole_way_and_is_taken_out_again(space: Space, web: responses.RequestsMock) -> None:
    def keep(request: Any) -> tuple[int, dict[str, str], str]:
        assert verify_facebook_webhook(request.body, request.headers["x-hub-signature-256"], [APP.secret])
        for event in events.split(request.body, NOW + 1):
            assert inbox.store(space, f"facebook/{event.page}", event.delivery, event.item)
        return 200, {}, "{}"

    space.put(".stockroom/inbox/facebook/0/another", b"{}")
    web.add_callback(responses.POST, ADDRESS, callback=keep)
    subscriptions.send_test(ENDPOINT, APP.secret, space, NOW)
    subscriptions.send_test(ENDPOINT, APP.secret, space, NOW)
    assert [found.key for found in space.list("")] == [".stockroom/inbox/facebook/0/another"]
    bodies = [json.loads(call.request.body or "") for call in web.calls]
    assert bodies[0] != bodies[1]
    assert {body["entry"][0]["id"] for body in bodies} == {"0"}


@pytest.mark.parametrize("answer", [401, 404, 500, 302, requests.ConnectionError("x"), requests.ReadTimeout()])
def test_webhook_that_refuses_the_test_event_names_the_variables(
    space: Space, web: responses.RequestsMock, answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    if isinstance(answer, Exception):
        web.post(ADDRESS, body=answer)
    else:
        web.post(ADDRESS, status=answer, headers={"location": ADDRESS})
    with pytest.raises(SetupError, match="FACEBOOK_WEBHOOK_ADDRESS") as caught:
        subscriptions.send_test(ENDPOINT, APP.secret, space, NOW)
    assert ("FACEBOOK_APP_SECRET" in caught.value.message) == isinstance(answer, int)
    assert (f"Webhook test result: HTTP {answer}" in caplog.text) == isinstance(answer, int)
    assert APP.secret not in caught.value.message + caplog.text
    assert len(web.calls) == 1


def test_verify_token_shows_in_no_repr() -> None:
    assert VERIFY not in repr(ENDPOINT)
