import json
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from stockroom.errors import (
    LoginNeeded,
    OutOfTime,
    ProviderBusy,
    ProviderError,
    SetupError,
    StockroomError,
)
from stockroom.facebook.graph import Call, Graph
from stockroom.facebook.reply import Refused
from stockroom.patience import ATTEMPTS, Patience
from tests.unit.admin_api import NOW, Clock
from tests.unit.graph_api import (
    APP,
    TOKEN,
    Answer,
    Asked,
    Entry,
    answered,
    entry,
    error,
    failing,
    graph,
    ok,
    path_of,
    play,
    proof,
    query_of,
    refused,
    serve,
)

GRAPH = "https://graph.facebook.com/v26.0"
BUSY: Answer = (503, {}, "")
NO_WAY: Answer = requests.ConnectionError(f"https://graph.facebook.com/?access_token={TOKEN} refused")


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def calls(number: int) -> list[Call]:
    return [Call(str(at), f"EAApage{at}", parameters={"fields": "id"}) for at in range(number)]


def test_read_has_the_token_in_the_header_and_its_proof_in_the_query(web: responses.RequestsMock) -> None:
    web.get(
        f"{GRAPH}/me/accounts",
        json={"data": []},
        match=[
            matchers.header_matcher({"authorization": f"Bearer {TOKEN}", "accept": "application/json"}),
            matchers.query_param_matcher({"fields": "id,name", "appsecret_proof": proof(TOKEN)}),
            matchers.request_kwargs_matcher({"timeout": (3.05, 20.0)}),
        ],
    )
    assert graph().get("me/accounts", TOKEN, fields="id,name") == {"data": []}
    assert TOKEN not in str(web.calls[0].request.url)


def test_change_is_a_form_with_an_empty_query(web: responses.RequestsMock) -> None:
    web.post(
        f"{GRAPH}/7/subscribed_apps",
        json={"success": True},
        match=[
            matchers.header_matcher({"authorization": f"Bearer {TOKEN}"}),
            matchers.query_param_matcher({}),
            matchers.urlencoded_params_matcher({"subscribed_fields": "name", "appsecret_proof": proof(TOKEN)}),
        ],
    )
    assert graph().post("7/subscribed_apps", TOKEN, subscribed_fields="name") == {"success": True}


def test_netrc_adds_no_credentials(web: responses.RequestsMock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.post(f"{GRAPH}/oauth/access_token", json={})
    graph().exchange(code="c")
    assert "authorization" not in web.calls[0].request.headers


def test_redirect_is_not_followed_with_the_token(web: responses.RequestsMock) -> None:
    web.get(f"{GRAPH}/me", status=302, headers={"location": "https://evil.org/"})
    with pytest.raises(ProviderError, match="HTTP 302"):
        graph().get("me", TOKEN)


@pytest.mark.parametrize("failure", [BUSY, NO_WAY, failing(2)])
def test_read_and_change_are_repeated_after_a_momentary_failure(
    web: responses.RequestsMock, clock: Clock, failure: Answer
) -> None:
    seen = play(web, failure, failure, ok(1), failure, ok(2))
    client = graph(clock)
    assert (client.get("me", TOKEN), client.post("me", TOKEN)) == (1, 2)
    assert [one.method for one in seen] == ["GET", "GET", "GET", "POST", "POST"]
    assert clock.slept == [1, 1, 1]


def test_facebook_that_cannot_be_reached_is_given_up_without_showing_the_address(web: responses.RequestsMock) -> None:
    seen = play(web, *[NO_WAY] * ATTEMPTS)
    with pytest.raises(ProviderBusy, match=r"cannot be reached \(ConnectionError\)") as caught:
        graph().get("me", TOKEN)
    assert len(seen) == ATTEMPTS
    assert TOKEN not in caught.value.message
    assert caught.value.__cause__ is None


def test_refusal_is_not_repeated(web: responses.RequestsMock) -> None:
    seen = play(web, failing(100))
    with pytest.raises(Refused):
        graph().get("me", TOKEN)
    assert len(seen) == 1


def test_call_that_times_out_at_the_deadline_ends_there(web: responses.RequestsMock, clock: Clock) -> None:
    def late(_: Asked) -> Answer:
        clock.now += 30
        return requests.ReadTimeout()

    seen = serve(web, late)
    with pytest.raises(OutOfTime):
        graph(clock, NOW + 20).get("me", TOKEN)
    assert len(seen) == 1


USED_UP = {"call_count": 80}
BLOCKED = {"7": [{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 3}]}


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, []),
        ({"x_app_usage": {"call_count": 79, "total_time": 12}}, []),
        ({"x_app_usage": USED_UP}, [60]),
        ({"x_page_usage": {"total_cputime": 99}}, [60]),
        ({"x_business_use_case_usage": BLOCKED}, [180]),
    ],
)
def test_next_call_waits_for_the_budget_that_the_last_one_told(
    web: responses.RequestsMock, clock: Clock, headers: dict[str, Any], wait: list[float]
) -> None:
    play(web, ok(1, **headers), ok(2), ok(3))
    client = graph(clock)
    client.get("me", TOKEN)
    assert clock.slept == []
    client.get("me", TOKEN)
    client.get("me", TOKEN)
    assert clock.slept == wait


def test_budget_that_refills_beyond_the_deadline_ends_the_run_before_the_call(
    web: responses.RequestsMock, clock: Clock
) -> None:
    seen = play(web, ok(1, x_app_usage=USED_UP))
    client = graph(clock, NOW + 50)
    client.get("me", TOKEN)
    clock.now += 10
    with pytest.raises(OutOfTime, match="call limit is nearly used up; there is room again in 50 seconds") as caught:
        client.get("me", TOKEN)
    assert caught.value.wait == 50
    assert (len(seen), clock.slept) == (1, [])


def test_run_that_is_over_makes_no_call_and_does_not_blame_a_budget(web: responses.RequestsMock, clock: Clock) -> None:
    seen = play(web)
    with pytest.raises(OutOfTime, match="too much to be read in one call"):
        graph(clock, NOW).get("me", TOKEN)
    assert seen == []


def test_time_that_passed_anyway_counts_as_waiting(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, ok(1, x_app_usage=USED_UP), ok(2))
    client = graph(clock)
    client.get("me", TOKEN)
    clock.now += 45
    client.get("me", TOKEN)
    assert clock.slept == [15]


def test_reached_limit_is_waited_out_once(web: responses.RequestsMock, clock: Clock) -> None:
    told = json.dumps(BLOCKED)
    play(web, (400, {"x-business-use-case-usage": told}, json.dumps(error(80001))), ok(1))
    assert graph(clock).get("me", TOKEN) == 1
    assert clock.slept == [180]


@pytest.mark.parametrize("failure", [BUSY, requests.ReadTimeout(), failing(2), failing(100), failing(190)])
def test_code_is_sent_exactly_once_whatever_happens(web: responses.RequestsMock, clock: Clock, failure: Answer) -> None:
    seen = play(web, failure)
    with pytest.raises(StockroomError):
        graph(clock).exchange(code="the-code", redirect_uri=APP.redirect_uri)
    assert (len(seen), clock.slept) == (1, [])


def test_code_and_app_secret_travel_in_the_body_only(web: responses.RequestsMock) -> None:
    seen = play(web, ok({"access_token": TOKEN}))
    assert graph().exchange(code="the-code", redirect_uri=APP.redirect_uri) == {"access_token": TOKEN}
    assert (seen[0].method, seen[0].url, seen[0].token) == ("POST", f"{GRAPH}/oauth/access_token", "")
    assert seen[0].fields == {
        "client_id": APP.id,
        "client_secret": APP.secret,
        "code": "the-code",
        "redirect_uri": APP.redirect_uri,
    }


def test_token_that_is_inspected_is_in_no_address(web: responses.RequestsMock) -> None:
    seen = play(web, ok({"data": {"is_valid": True}}))
    assert graph().inspect(TOKEN) == {"is_valid": True}
    assert (seen[0].method, seen[0].url, seen[0].token) == ("POST", f"{GRAPH}/debug_token", f"{APP.id}|app-secret")
    assert (seen[0].fields["input_token"], seen[0].fields["method"]) == (TOKEN, "get")


def listed(*numbers: int, after: str | None = None, more: bool = True) -> Answer:
    cursors = {"cursors": {"before": "x", "after": after}} if after is not None else {}
    following = {"next": f"https://evil.org/?access_token={TOKEN}"} if more else {}
    return ok({"data": [{"id": number} for number in numbers], "paging": {**cursors, **following}})


def ids(client: Graph) -> list[int]:
    return [entry["id"] for entry in client.entries("me/accounts", TOKEN, fields="id")]


def test_list_is_read_to_its_end_by_cursor_and_next_is_never_followed(web: responses.RequestsMock) -> None:
    seen = play(web, listed(1, 2, after="A"), listed(3, after="B"), listed(4, after="C", more=False))
    assert ids(graph()) == [1, 2, 3, 4]
    assert [one.fields.get("after") for one in seen] == [None, "A", "B"]
    assert {(one.fields["limit"], one.fields["fields"]) for one in seen} == {("100", "id")}
    assert {call.request.url.partition("?")[0] for call in web.calls if call.request.url} == {f"{GRAPH}/me/accounts"}


def test_empty_page_in_the_middle_is_not_the_end(web: responses.RequestsMock) -> None:
    play(web, listed(after="A"), listed(after="B"), listed(1, after="C", more=False))
    assert ids(graph()) == [1]


@pytest.mark.parametrize("paging", [{}, {"paging": None}, {"paging": {}}])
def test_list_without_paging_is_one_page(web: responses.RequestsMock, paging: dict[str, Any]) -> None:
    play(web, ok({"data": [{"id": 1}], **paging}))
    assert ids(graph()) == [1]


@pytest.mark.parametrize(
    "answers",
    [
        [listed(1, after="A"), listed(2, after="A")],
        [listed(1)],
        [listed(1, after="")],
        [listed(1, after="A"), listed(2)],
    ],
)
def test_list_that_goes_in_circles_or_nowhere_is_refused(web: responses.RequestsMock, answers: list[Answer]) -> None:
    play(web, *answers)
    with pytest.raises(ProviderError, match="but not where"):
        ids(graph())


def test_batch_of_120_goes_in_three_and_comes_back_in_order(web: responses.RequestsMock) -> None:
    seen = serve(web, answered(lambda one: entry({"id": path_of(one)})))
    client = graph()
    assert client.batch(calls(120)) == [{"id": str(at)} for at in range(120)]
    assert [len(one.batch) for one in seen] == [50, 50, 20]
    assert {(one.method, one.path, one.token) for one in seen} == {("POST", "", f"{APP.id}|app-secret")}
    assert client.calls == 120


def test_entries_carry_their_own_token_proof_and_version(web: responses.RequestsMock) -> None:
    seen = play(web, ok([entry(1), entry(2)]))
    graph().batch([calls(1)[0], Call("7/subscribed_apps", "EAApage7", "POST", {"subscribed_fields": "a,b"})])
    read, change = seen[0].batch
    assert (read["method"], read["access_token"]) == ("GET", "EAApage0")
    assert read["relative_url"].startswith("v26.0/0?")
    assert query_of(read) == {"fields": "id", "appsecret_proof": proof("EAApage0")}
    assert "body" not in read
    assert (change["method"], change["relative_url"]) == ("POST", "v26.0/7/subscribed_apps")
    assert query_of(change) == {"subscribed_fields": "a,b", "appsecret_proof": proof("EAApage7")}


def test_no_calls_are_no_request(web: responses.RequestsMock) -> None:
    assert graph().batch([]) == []


@pytest.mark.parametrize("unfinished", [None, refused(2), entry({}, 500), {"code": 503}])
def test_entry_that_facebook_did_not_finish_is_asked_for_again_and_order_is_kept(
    web: responses.RequestsMock, unfinished: Entry
) -> None:
    tried: list[str] = []

    def reply(one: dict[str, str]) -> Entry:
        tried.append(path_of(one))
        return entry(path_of(one)) if tried.count(path_of(one)) == 3 or int(path_of(one)) % 2 else unfinished

    seen = serve(web, answered(reply))
    assert graph().batch(calls(5)) == ["0", "1", "2", "3", "4"]
    assert [[path_of(one) for one in asked.batch] for asked in seen] == [list("01234"), list("024"), list("024")]


def test_entry_that_is_never_finished_is_an_error_after_three_rounds(web: responses.RequestsMock) -> None:
    seen = serve(web, answered(lambda one: None if path_of(one) == "1" else entry(path_of(one))))
    first, second, third = graph().batch(calls(3))
    assert (first, third) == ("0", "2")
    assert isinstance(second, ProviderBusy)
    assert "did not finish" in second.message
    assert len(seen) == 3


def test_errors_of_entries_are_returned_and_not_raised(web: responses.RequestsMock) -> None:
    given = [refused(100, message="(#100) nonexisting field (x)"), refused(190, 460), refused(101), entry(1)]
    seen = play(web, ok(given))
    results = graph().batch(calls(4))
    assert [type(one) for one in results] == [Refused, LoginNeeded, SetupError, int]
    assert results[0].field == "x"
    assert len(seen) == 1


def test_one_pages_reached_limit_is_not_pressed_and_does_not_hold_up_the_others(
    web: responses.RequestsMock, clock: Clock
) -> None:
    """Going on calling while throttled prolongs the block."""
    seen = play(web, ok([refused(80001), entry(1)]))
    limited, good = graph(clock).batch(calls(2))
    assert isinstance(limited, ProviderBusy)
    assert (limited.wait, good) == (60, 1)
    assert (len(seen), clock.slept) == (1, [])


def test_budget_of_one_page_is_obeyed_and_does_not_hold_up_the_others(
    web: responses.RequestsMock, clock: Clock
) -> None:
    play(web, ok([entry(1), entry(2, x_business_use_case_usage=BLOCKED), entry(3)]), ok([entry(4), entry(5)]))
    client, three = graph(clock), [Call(str(n), f"token-{n}") for n in range(3)]
    assert client.batch(three) == [1, 2, 3]
    first, busy, last = client.batch(three)
    assert (first, last) == (4, 5)
    assert isinstance(busy, ProviderBusy)
    assert busy.wait == 180
    assert clock.slept == []


def test_batch_of_which_every_page_has_used_up_its_budget_is_not_sent(
    web: responses.RequestsMock, clock: Clock
) -> None:
    play(web, ok([entry(1, x_business_use_case_usage=BLOCKED)]))
    client = graph(clock)
    client.batch(calls(1))
    (busy,) = client.batch(calls(1))
    assert isinstance(busy, ProviderBusy)
    assert len(web.calls) == 1


def test_whole_batch_is_repeated_when_facebook_fails(web: responses.RequestsMock) -> None:
    play(web, BUSY, ok([entry(1)]))
    assert graph().batch(calls(1)) == [1]


@pytest.mark.parametrize("content", [{"data": []}, [], [None, None, None], "text"])
def test_batch_that_is_answered_with_something_else_is_refused(web: responses.RequestsMock, content: Any) -> None:
    play(web, ok(content))
    with pytest.raises(ProviderError, match="something else"):
        graph().batch(calls(2))


def test_sandbox_is_asked_instead_of_the_real_facebook(web: responses.RequestsMock) -> None:
    app = type(APP)(
        **{name: getattr(APP, name) for name in APP.__slots__} | {"graph_url": "http://localhost:5001/graph"}
    )
    web.get("http://localhost:5001/graph/v26.0/me", json={"id": "42"})
    assert Graph(app, Patience()).get("me", TOKEN) == {"id": "42"}


def test_no_token_shows_in_a_repr() -> None:
    assert "EAA" not in repr(calls(1))
