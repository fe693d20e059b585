import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from stockroom.errors import LoginNeeded, OwnerError, ProviderBusy, ProviderError, SetupError, StockroomError
from stockroom.shopify.reply import Budget, Reply, Throttled, TooCostly, decipher

NOW = 1_800_000_000.0
STATUS = {"maximumAvailable": 2000, "currentlyAvailable": 1500.5, "restoreRate": 100}
points = st.floats(0, 20_000)


def read(status: int = 200, headers: dict[str, str] | None = None, **content: Any) -> Reply:
    return decipher(
        status, CaseInsensitiveDict(headers or {}), json.dumps(content).encode(), version="2026-10", now=NOW
    )


def failed(kind: type[StockroomError], status: int = 200, **others: Any) -> StockroomError:
    with pytest.raises(StockroomError) as caught:
        read(status, **others)
    assert type(caught.value) is kind
    return caught.value


def coded(code: str, message: str = "m") -> dict[str, Any]:
    return {"message": message, "extensions": {"code": code}}


def throttled(**cost: Any) -> Throttled:
    error = failed(Throttled, errors=[coded("THROTTLED", "Throttled")], extensions={"cost": cost})
    assert isinstance(error, Throttled)
    return error


def test_good_answer_gives_data_cost_and_budget() -> None:
    cost = {"requestedQueryCost": 52, "actualQueryCost": 12, "throttleStatus": STATUS}
    assert read(data={"shop": {}}, extensions={"cost": cost}) == Reply(
        {"shop": {}}, 52.0, Budget(2000.0, 1500.5, 100.0, NOW)
    )


@pytest.mark.parametrize(
    "extensions", [{}, None, {"cost": None}, {"cost": {}}, {"cost": {"requestedQueryCost": None}}, {"other": 1}]
)
def test_answer_without_a_cost_is_good_as_well(extensions: Any) -> None:
    assert read(data={"a": 1}, extensions=extensions) == Reply({"a": 1}, 0.0, None)
    assert read(data={"a": 1}) == Reply({"a": 1}, 0.0, None)


def test_answer_in_the_version_asked_for_is_good() -> None:
    assert read(headers={"x-shopify-api-version": "2026-10"}, data={}).data == {}


def test_dead_version_is_noticed_though_shopify_answers_in_another() -> None:
    error = failed(SetupError, headers={"x-shopify-api-version": "2027-01"}, data={})
    assert "2026-10" in error.message
    assert "2027-01" in error.message
    assert "SHOPIFY_API_VERSION" in error.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[]", b"null", b"3", b'"x"', b"\xff", b'{"extensions": [1]}'])
def test_answer_that_is_not_the_json_it_should_be(body: bytes) -> None:
    with pytest.raises(ProviderError, match="not the JSON"):
        decipher(200, {}, body, version="2026-10", now=NOW)


@pytest.mark.parametrize("data", [None, [], "x", 0])
def test_answer_without_data_is_no_empty_shop(data: Any) -> None:
    assert "no data" in failed(ProviderError, data=data).message
    assert "no data" in failed(ProviderError).message


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (r"cut \ud83d", "cut ?"),
        (r"cut \uDE00", "cut ?"),
        (r"\ude00\ud83d", "??"),
        (r"whole \ud83d\ude00 Größe", "whole \U0001f600 Größe"),
        (r"a path C:\\ud83d", r"a path C:\ud83d"),
        ("Größe \U0001f600", "Größe \U0001f600"),
    ],
)
def test_half_a_character_is_replaced_because_no_object_can_hold_it(sent: str, read: str) -> None:
    body = f'{{"data": {{"title": "{sent}", "tags": ["{sent}"]}}}}'.encode()
    assert decipher(200, {}, body, version="2026-10", now=NOW).data == {"title": read, "tags": [read]}


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (301, ProviderError, "HTTP 301"),
        (400, ProviderError, "HTTP 400"),
        (401, LoginNeeded, "log in again"),
        (402, OwnerError, "frozen"),
        (403, ProviderError, "IP allowlist"),
        (404, OwnerError, "does not know this shop"),
        (423, OwnerError, "locked"),
        (429, ProviderBusy, "asks us to wait"),
        (430, ProviderBusy, "asks us to wait"),
        (500, ProviderBusy, "failed (HTTP 500)"),
        (503, ProviderBusy, "failed (HTTP 503)"),
        (520, ProviderBusy, "failed (HTTP 520)"),
    ],
)
def test_each_http_status_is_told_for_what_it_means(status: int, kind: type[StockroomError], told: str) -> None:
    assert told in failed(kind, status, data={"ignored": 1}).message


def test_token_of_the_old_kind_asks_for_a_login() -> None:
    errors = "[API] Non-expiring access tokens are no longer accepted for the Admin API."
    assert "expiring tokens only" in failed(LoginNeeded, 403, errors=errors).message
    assert "old kind" not in failed(ProviderError, 403, errors="Unavailable Shop").message


@pytest.mark.parametrize("status", [429, 430])
@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("2.0", 2.0),
        ("7", 7.0),
        ("0", 0.5),
        ("-3", 0.5),
        ("60", 60),
        ("120", 120),
        ("inf", 3600),
        ("", 2.0),
        ("soon", 2.0),
        ("nan", 0.5),
    ],
)
def test_retry_after_is_honoured(status: int, header: str, wait: float) -> None:
    error = failed(ProviderBusy, status, headers={"Retry-After": header})
    assert isinstance(error, ProviderBusy)
    assert error.wait == wait


def test_busy_shopify_without_retry_after_is_asked_again_in_two_seconds() -> None:
    error = failed(ProviderBusy, 429)
    assert isinstance(error, ProviderBusy)
    assert error.wait == 2.0


def test_throttled_query_waits_until_the_bucket_holds_its_cost() -> None:
    error = throttled(
        requestedQueryCost=752,
        actualQueryCost=None,
        throttleStatus={"maximumAvailable": 2000, "currentlyAvailable": 252, "restoreRate": 100},
    )
    assert error.wait == 5.0
    assert error.budget == Budget(2000.0, 252.0, 100.0, NOW)
    assert "5 seconds" in error.message


@pytest.mark.parametrize(
    "cost", [{}, {"requestedQueryCost": 500}, {"requestedQueryCost": 10, "throttleStatus": STATUS}]
)
def test_throttled_query_waits_a_second_at_least(cost: dict[str, Any]) -> None:
    assert throttled(**cost).wait == 1.0


def test_throttling_without_a_status_tells_no_budget() -> None:
    assert throttled(requestedQueryCost=500).budget is None


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("MAX_COST_EXCEEDED", TooCostly, "asks for too much"),
        ("INTERNAL_SERVER_ERROR", ProviderBusy, "failed inside"),
        ("TIMEOUT", ProviderBusy, "failed inside"),
        ("ACCESS_DENIED", OwnerError, "grant all of it. (why)"),
        ("SHOP_INACTIVE", OwnerError, "paused or closed"),
        ("SOMETHING_NEW", ProviderError, "none of it is used. (why)"),
    ],
)
def test_each_error_inside_an_ok_is_told_for_what_it_means(code: str, kind: type[StockroomError], told: str) -> None:
    assert told in failed(kind, errors=[coded(code, "why")]).message


def test_partial_data_is_never_used() -> None:
    every: list[Any] = [[coded("ACCESS_DENIED")], [coded("INTERNAL_SERVER_ERROR")], ["x"], "x", [{}]]
    for errors in every:
        with pytest.raises(StockroomError):
            read(data={"shop": {"name": "acme"}, "products": None}, errors=errors)


@pytest.mark.parametrize("errors", [[], None, ""])
def test_empty_list_of_errors_is_none(errors: Any) -> None:
    assert read(data={"a": 1}, errors=errors).data == {"a": 1}


@pytest.mark.parametrize(
    ("errors", "told"),
    [
        ("Not found", "(Not found)"),
        (["one", "two"], "(one; two)"),
        ([{"message": "one"}, "two"], "(one; two)"),
        ([{"extensions": None, "message": "m"}], "(m)"),
        ([{"extensions": "THROTTLED", "message": "m"}], "(m)"),
        ([{"extensions": {}}], "()"),
        ({"message": "m"}, "(m)"),
        ([None, 3], "(None; 3)"),
    ],
)
def test_errors_of_any_shape_are_told(errors: Any, told: str) -> None:
    assert failed(ProviderError, errors=errors).message.endswith(told)


def test_long_error_is_cut() -> None:
    assert len(failed(ProviderError, errors=["x" * 5000]).message) < 300


def test_gravest_way_out_comes_first() -> None:
    order = [
        ("THROTTLED", Throttled),
        ("MAX_COST_EXCEEDED", TooCostly),
        ("INTERNAL_SERVER_ERROR", ProviderBusy),
        ("ACCESS_DENIED", OwnerError),
        ("UNKNOWN", ProviderError),
    ]
    for place, (_, kind) in enumerate(order):
        failed(kind, errors=[coded(code) for code, _ in reversed(order[place:])])


@given(
    maximum=points.filter(lambda n: n > 0), available=points, rate=st.floats(1, 2000), cost=points, age=st.floats(0, 60)
)
def test_budget_holds_the_cost_when_the_wait_is_over_and_not_before(
    maximum: float, available: float, rate: float, cost: float, age: float
) -> None:
    budget = Budget(maximum, min(available, maximum), rate, NOW)
    wait = budget.wait(cost, NOW + age)
    there = min(maximum, budget.available + age * rate)
    needed = min(cost, maximum)
    assert wait >= 0
    assert there + wait * rate >= needed - 0.01
    assert wait == 0 or there + wait * rate <= needed + 0.01


def test_budget_that_refilled_in_the_meantime_needs_no_wait() -> None:
    budget = Budget(maximum=2000, available=0, rate=100, seen=NOW)
    assert budget.wait(800, NOW) == 8.0
    assert budget.wait(800, NOW + 5) == 3.0
    assert budget.wait(800, NOW + 8) == 0.0
    assert budget.wait(5000, NOW) == 20.0  # more than the bucket holds is never there


@pytest.mark.parametrize(
    "cost",
    ["a text", {"requestedQueryCost": [1]}, {"throttleStatus": {"maximumAvailable": 1}}, {"throttleStatus": "x"}],
)
def test_cost_that_makes_no_sense_is_an_unusable_answer(cost: Any) -> None:
    body = json.dumps({"data": {}, "extensions": {"cost": cost}}).encode()
    with pytest.raises(ProviderError, match="not the JSON it should be"):
        decipher(200, {}, body, version="2026-10", now=0)
