import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
import requests
import responses
from hypothesis import given
from hypothesis import strategies as st
from responses import matchers

from stockroom.errors import LoginNeeded, OutOfTime, OwnerError, ProviderBusy, ProviderError, SetupError, StockroomError
from stockroom.patience import ATTEMPTS
from stockroom.settings import ShopifyApi
from stockroom.shopify import queries
from stockroom.shopify.admin import Admin, next_cursor, next_size, smaller
from stockroom.shopify.reply import Budget, TooCostly
from tests.unit.admin_api import NOW, SHOP, TOKEN, URL, Answer, Clock, admin, errors, ok, page, play

BUSY: Answer = (503, {}, "")
THROTTLED = errors(
    "THROTTLED",
    requestedQueryCost=752,
    throttleStatus={"maximumAvailable": 2000, "currentlyAvailable": 252, "restoreRate": 100},
)


def numbers(pages: Iterable[list[dict[str, Any]]]) -> list[list[int]]:
    """What `page` was given."""
    return [[node["n"] for node in nodes] for nodes in pages]


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_operation_is_sent_with_token_and_variables(web: responses.RequestsMock) -> None:
    web.post(
        URL,
        json={"data": {"shop": {"name": "Acme"}}},
        match=[
            matchers.json_params_matcher({"query": queries.operation("Shop"), "variables": {"nested": 250}}),
            matchers.header_matcher({"X-Shopify-Access-Token": TOKEN, "Accept": "application/json"}),
            matchers.request_kwargs_matcher({"timeout": (3.05, 20.0)}),
        ],
    )
    assert admin().run("Shop", nested=250) == {"shop": {"name": "Acme"}}


def test_sandbox_is_asked_instead_of_the_real_shop(web: responses.RequestsMock) -> None:
    web.post(f"http://localhost:5001/{SHOP}/admin/api/2026-07/graphql.json", json={"data": {"a": 1}})
    assert admin(api=ShopifyApi("2026-07", "http://localhost:5001")).run("Shop", nested=1) == {"a": 1}


def test_netrc_adds_no_credentials(web: responses.RequestsMock, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("default login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    web.post(URL, json={"data": {}})
    admin().run("Shop", nested=1)
    assert "authorization" not in web.calls[0].request.headers


def test_redirect_is_not_followed_with_the_token(web: responses.RequestsMock) -> None:
    web.post(URL, status=302, headers={"location": "https://evil.org/"})
    with pytest.raises(ProviderError, match="HTTP 302"):
        admin().run("Shop", nested=1)


def test_throttled_query_waits_as_long_as_the_bucket_needs(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, THROTTLED, ok({"a": 1}))
    assert admin(clock).run("Shop", nested=1) == {"a": 1}
    assert clock.slept == [5.0]


def test_throttled_query_without_a_status_waits_a_second(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, errors("THROTTLED"), ok({"a": 1}))
    assert admin(clock).run("Shop", nested=1) == {"a": 1}
    assert clock.slept == [1.0]


def test_being_throttled_is_no_failure_however_often(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, *[THROTTLED] * 20, ok({"a": 1}))
    assert admin(clock).run("Shop", nested=1) == {"a": 1}


def test_workers_that_wait_do_not_all_come_back_at_once(
    web: responses.RequestsMock, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.random", lambda: 0.5)
    play(web, THROTTLED, BUSY, ok({}))
    admin(clock).run("Shop", nested=1)
    assert clock.slept == [5.625, 1.125]


def test_query_whose_cost_is_not_known_yet_is_simply_sent(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, ok({}, cost=600, left=100), ok({}))
    shop = admin(clock)
    shop.run("Products")
    shop.run("Counts")
    assert clock.slept == []


def test_used_up_budget_is_not_asked_against(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, ok({}, cost=600, left=100), ok({}))
    shop = admin(clock)
    shop.run("Products")
    clock.now += 2
    shop.run("Products")
    assert clock.slept == [3.0]


@pytest.mark.parametrize("status", [429, 430])
def test_retry_after_is_waited_for(status: int, web: responses.RequestsMock, clock: Clock) -> None:
    play(web, (status, {"Retry-After": "4.0"}, ""), ok({"a": 1}))
    assert admin(clock).run("Shop", nested=1) == {"a": 1}
    assert clock.slept == [4.0]


@pytest.mark.parametrize(
    "failure",
    [
        BUSY,
        (500, {}, ""),
        errors("INTERNAL_SERVER_ERROR"),
        requests.ConnectionError(TOKEN),
        requests.ReadTimeout(TOKEN),
    ],
)
def test_failure_that_may_pass_is_tried_again_ever_more_slowly(
    failure: Answer, web: responses.RequestsMock, clock: Clock
) -> None:
    asked = play(web, *[failure] * (ATTEMPTS - 1), ok({"a": 1}))
    assert admin(clock).run("Shop", nested=1) == {"a": 1}
    assert clock.slept == [1, 1, 2, 4, 8]
    assert asked == [{"nested": 1}] * ATTEMPTS


def test_failure_that_does_not_pass_is_told_in_the_end(web: responses.RequestsMock, clock: Clock) -> None:
    asked = play(web, *[BUSY] * ATTEMPTS)
    with pytest.raises(ProviderBusy, match="HTTP 503"):
        admin(clock).run("Shop", nested=1)
    assert len(asked) == ATTEMPTS


def test_lost_connection_is_told_without_the_token(web: responses.RequestsMock) -> None:
    play(web, *[requests.ConnectionError(TOKEN)] * ATTEMPTS)
    with pytest.raises(ProviderBusy, match=r"cannot be reached \(ConnectionError\)") as caught:
        admin().run("Shop", nested=1)
    assert TOKEN not in str(caught.value)
    assert caught.value.__suppress_context__


def test_failures_of_earlier_queries_do_not_count(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, *[BUSY, BUSY, BUSY, ok({})] * 3)
    shop = admin(clock)
    for _ in range(3):
        assert shop.run("Shop", nested=1) == {}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((401, {}, ""), LoginNeeded),
        ((402, {}, ""), OwnerError),
        ((403, {}, "Unavailable Shop"), ProviderError),
        ((404, {}, ""), OwnerError),
        (errors("ACCESS_DENIED"), OwnerError),
        (errors("SHOP_INACTIVE"), OwnerError),
        (errors("MAX_COST_EXCEEDED"), TooCostly),
        ((200, {"X-Shopify-API-Version": "2027-01"}, '{"data": {}}'), SetupError),
        ((200, {}, "<html>"), ProviderError),
        ((200, {}, '{"errors": ["text"], "data": {"shop": {}}}'), ProviderError),
    ],
)
def test_failure_that_will_not_pass_is_told_at_once(
    answer: Answer, kind: type[StockroomError], web: responses.RequestsMock, clock: Clock
) -> None:
    asked = play(web, answer)
    with pytest.raises(StockroomError) as caught:
        admin(clock).run("Shop", nested=1)
    assert type(caught.value) is kind
    assert (len(asked), clock.slept) == (1, [])


def test_nothing_is_sent_after_the_deadline(web: responses.RequestsMock, clock: Clock) -> None:
    for deadline in (NOW, NOW - 1):
        with pytest.raises(OutOfTime):
            admin(clock, deadline).run("Shop", nested=1)
    assert len(web.calls) == 0
    assert clock.slept == []


def test_wait_beyond_the_deadline_is_not_begun(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, THROTTLED)
    with pytest.raises(OutOfTime):
        admin(clock, NOW + 5).run("Shop", nested=1)
    assert clock.slept == []


def test_wait_for_the_budget_beyond_the_deadline_is_not_begun(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, ok({}, cost=600, left=100))
    shop = admin(clock, NOW + 5)
    shop.run("Products")
    with pytest.raises(OutOfTime):
        shop.run("Products")


def test_repetition_beyond_the_deadline_is_not_waited_for(web: responses.RequestsMock, clock: Clock) -> None:
    play(web, *[BUSY] * 3)
    with pytest.raises(ProviderBusy, match="HTTP 503") as caught:
        admin(clock, NOW + 4).run("Shop", nested=1)
    assert clock.slept == [1, 1]
    assert not isinstance(caught.value, OutOfTime)


def test_nothing_is_sent_after_a_wait_that_took_too_long(web: responses.RequestsMock) -> None:
    class Sleepyhead(Clock):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds + 10)

    asked = play(web, BUSY)
    with pytest.raises(OutOfTime):
        admin(Sleepyhead(), NOW + 5).run("Shop", nested=1)
    assert len(asked) == 1


def test_connection_that_is_lost_at_the_deadline_is_out_of_time(web: responses.RequestsMock, clock: Clock) -> None:
    def slow() -> None:
        clock.now += 3

    play(web, requests.ReadTimeout(TOKEN), on_call=slow)
    with pytest.raises(OutOfTime):
        admin(clock, NOW + 3).run("Shop", nested=1)
    assert clock.slept == []


def test_query_is_given_no_longer_than_what_is_left(web: responses.RequestsMock, clock: Clock) -> None:
    web.post(URL, json={"data": {}}, match=[matchers.request_kwargs_matcher({"timeout": (3.05, 7.0)})])
    admin(clock, NOW + 7).run("Shop", nested=1)
    web.post(URL, json={"data": {}}, match=[matchers.request_kwargs_matcher({"timeout": (1.0, 1.0)})])
    admin(clock, NOW + 1).run("Shop", nested=1)


def test_real_clock_is_the_default() -> None:
    with pytest.raises(OutOfTime):
        Admin(SHOP, TOKEN, ShopifyApi("2026-10", None), time.time()).run("Shop", nested=1)


def test_too_costly_page_shrinks_outermost_first(web: responses.RequestsMock) -> None:
    too_costly = errors("MAX_COST_EXCEEDED")
    asked = play(web, *[too_costly] * 5, page([1]))
    assert numbers(admin().pages("Products", {"first": 4, "nested": 2, "deep": 5})) == [[1]]
    sizes = [(each["first"], each["nested"], each["deep"]) for each in asked]
    assert sizes == [(4, 2, 5), (2, 2, 5), (1, 2, 5), (1, 1, 5), (1, 1, 2), (1, 1, 1)]


def test_page_that_is_too_costly_at_any_size_is_told(web: responses.RequestsMock) -> None:
    play(web, *[errors("MAX_COST_EXCEEDED")] * 2)
    with pytest.raises(TooCostly, match="Even a page of one object"):
        list(admin().pages("Products", {"first": 2}))


def test_page_that_was_too_costly_is_read_from_where_it_began(web: responses.RequestsMock) -> None:
    asked = play(web, page([1], "c1", cost=400), errors("MAX_COST_EXCEEDED"), page([2]))
    assert numbers(admin().pages("Products", {"first": 20, "nested": 5})) == [[1], [2]]
    assert [(each["first"], each["after"]) for each in asked] == [(20, None), (40, "c1"), (20, "c1")]


def test_pages_grow_while_they_are_cheap(web: responses.RequestsMock) -> None:
    play_costs = [page([0], "a", cost=80), page([0], "b", cost=160), page([0], "c", cost=1600), page([0])]
    asked = play(web, *play_costs)
    list(admin().pages("Products", {"first": 20}))
    assert [each["first"] for each in asked] == [20, 40, 80, 40]


def test_reader_of_pages_may_enlarge_sizes_in_between(web: responses.RequestsMock) -> None:
    sizes = {"first": 20, "nested": 10}
    play(web, page([0], "a"), page([0]))
    for _ in admin().pages("Products", sizes):
        sizes["nested"] = 99
    sent = [json.loads(call.request.body or "")["variables"] for call in web.calls]
    assert [(asked["first"], asked["nested"]) for asked in sent] == [(20, 10), (40, 99)]


@pytest.mark.parametrize("cursor", [None, "c1"])
def test_list_that_goes_on_without_an_end_is_refused(cursor: str | None, web: responses.RequestsMock) -> None:
    info = {"hasNextPage": True, "endCursor": cursor}
    play(web, page([1], "c1"), ok({"page": {"nodes": [2], "pageInfo": info}}))
    with pytest.raises(ProviderError, match="goes on, but not where"):
        list(admin().pages("Products", {"first": 1}))


@given(
    count=st.integers(0, 300),
    first=st.integers(1, 250),
    start=st.integers(0, 300),
    costs=st.lists(st.sampled_from([0, 1, 30, 300, 3000]), min_size=1, max_size=5),
)
def test_every_object_comes_once_and_in_order_whatever_the_sizes(
    count: int, first: int, start: int, costs: list[int]
) -> None:
    start = min(start, count)

    def answer(request: Any) -> Any:
        asked = json.loads(request.body)["variables"]
        assert 1 <= asked["first"] <= 250
        begin = int(asked["after"] or 0)
        end = min(begin + asked["first"], count)
        return page(range(begin, end), str(end) if end < count else None, cost=costs[begin % len(costs)])

    with responses.RequestsMock() as web:
        web.add_callback(responses.POST, URL, callback=answer)
        pages = admin().pages("Products", {"first": first}, after=str(start) if start else None)
        assert [number for nodes in numbers(pages) for number in nodes] == list(range(start, count))


def test_pages_are_read_only_as_they_are_needed(web: responses.RequestsMock) -> None:
    asked = play(web, page([1], "c1"))
    pages = admin().pages("Products", {"first": 1})
    assert next(pages) == [{"n": 1}]
    assert len(asked) == 1


def test_list_inside_an_answer_is_found(web: responses.RequestsMock) -> None:
    connection = {"nodes": [{"n": 1}], "pageInfo": {"hasNextPage": False, "endCursor": "x"}}
    asked = play(web, ok({"owner": {"codes": connection}}))
    pages = admin().pages(
        "DiscountCodes", {"first": 9}, after="c", find=lambda data: data["owner"]["codes"], id="gid://1"
    )
    assert numbers(pages) == [[1]]
    assert asked == [{"id": "gid://1", "first": 9, "after": "c"}]


@pytest.mark.parametrize(
    ("first", "cost", "maximum", "following"),
    [
        (20, 100, None, 40),
        (100, 400, None, 200),
        (200, 100, None, 250),
        (20, 1600, None, 10),
        (1, 5000, None, 1),
        (20, 0, None, 40),
        (100, 100, 50, 50),
        (100, 400, 2000, 200),
    ],
)
def test_next_page_is_as_large_as_its_cost_allows(
    first: int, cost: float, maximum: float | None, following: int
) -> None:
    budget = None if maximum is None else Budget(maximum, maximum, 100, NOW)
    assert next_size(first, cost, budget) == following


def test_shrinking_leaves_other_variables_alone() -> None:
    assert smaller({"first": 5, "nested": 9}) == {"first": 2, "nested": 9}
    assert smaller({"first": 1, "nested": 9, "id": "x"}) == {"first": 1, "nested": 4, "id": "x"}
    assert smaller({"first": 1, "deep": 3}) == {"first": 1, "deep": 1}


def test_cursor_of_the_last_page_is_not_followed() -> None:
    assert next_cursor({"hasNextPage": False, "endCursor": "c"}, None) is None
    assert next_cursor({"hasNextPage": True, "endCursor": "c"}, None) == "c"
