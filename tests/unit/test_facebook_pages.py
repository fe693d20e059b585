import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import responses

from stockroom.errors import LoginNeeded, ProviderBusy, ProviderError, SetupError, StockroomError
from stockroom.facebook import pages
from stockroom.facebook.pages import LADDER, Fields, Reading, content, fewer, normalised
from stockroom.facebook.reply import PermissionMissing, Refused
from tests.unit.graph_api import (
    GRANT,
    TOKEN,
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

EVERYTHING, CORE, MINIMUM = LADDER


def listed(number: int, **changes: Any) -> dict[str, Any]:
    known = page(number)
    plain = {"id": known.id, "name": known.name, "category": known.category, "access_token": known.token}
    return {**plain, "tasks": ["MANAGE"], **changes}


def gone(field: str) -> dict[str, Any]:
    return refused(100, message=f"(#100) Tried accessing nonexisting field ({field}) on node type (Page)")


def names(fields: Fields) -> set[str]:
    return {name.partition("{")[0] for name in fields}


def fields_of(one: dict[str, str]) -> str:
    return query_of(one)["fields"]


def read(
    web: responses.RequestsMock, reply: Callable[[dict[str, str]], Entry], *numbers: int
) -> tuple[list[Reading], list[Asked]]:
    seen = serve(web, answered(reply))
    return pages.read(graph(), [page(number) for number in numbers or (1,)]), seen


def metadata(reading: Reading) -> dict[str, Any]:
    assert isinstance(reading.outcome, dict), reading.outcome
    return reading.outcome


def test_every_page_of_the_list_is_reached_with_its_own_token(web: responses.RequestsMock) -> None:
    cursors = {"cursors": {"after": "A"}, "next": "https://graph.facebook.com/v26.0/me/accounts?after=A"}
    seen = play(web, ok({"data": [listed(1), listed(2)], "paging": cursors}), ok({"data": [listed(3)]}))
    assert pages.reachable(graph(), GRANT) == ([page(1), page(2), page(3)], {})
    assert [(one.path, one.token) for one in seen] == [("me/accounts", TOKEN)] * 2


@pytest.mark.parametrize("there", [[], [1], [3]])
def test_pages_that_the_list_leaves_out_are_asked_for_one_by_one(web: responses.RequestsMock, there: list[int]) -> None:
    """As it does for a business portfolio's Pages, without any error."""
    seen = serve(
        web,
        lambda asked: (
            ok([entry(listed(int(path_of(one)))) for one in asked.batch])
            if "batch" in asked.fields
            else ok({"data": [listed(number) for number in there]})
        ),
    )
    grant = dataclasses.replace(GRANT, pages=("1", "2", "3"))
    reached, lost = pages.reachable(graph(), grant)
    assert ({one.id for one in reached}, lost) == ({"1", "2", "3"}, {})
    wanted = [path_of(one) for one in seen[1].batch]
    assert wanted == [name for name in ("1", "2", "3") if int(name) not in there]
    assert {one["access_token"] for one in seen[1].batch} == {TOKEN}


@pytest.mark.parametrize("picked", [None, (), ("1",)])
def test_nothing_is_asked_one_by_one_when_the_list_is_whole(
    web: responses.RequestsMock, picked: tuple[str, ...] | None
) -> None:
    seen = play(web, ok({"data": [listed(1)]}))
    reached, _ = pages.reachable(graph(), dataclasses.replace(GRANT, pages=picked))
    assert (reached, len(seen)) == ([page(1)], 1)


@pytest.mark.parametrize("token", [None, ""])
def test_page_without_a_token_is_one_without_a_role(web: responses.RequestsMock, token: str | None) -> None:
    bare = {name: value for name, value in listed(2).items() if name != "access_token"}
    play(web, ok({"data": [listed(1), bare, listed(3, access_token=token)]}))
    reached, lost = pages.reachable(graph(), GRANT)
    assert reached == [page(1)]
    assert {name: type(error) for name, error in lost.items()} == {"2": PermissionMissing, "3": PermissionMissing}
    assert "no role on this Page" in lost["2"].message


def test_page_that_cannot_be_had_does_not_cost_the_others(web: responses.RequestsMock) -> None:
    play(web, ok({"data": []}), ok([refused(100, 33), entry(listed(2)), entry({"id": "3", "name": "C"})]))
    reached, lost = pages.reachable(graph(), dataclasses.replace(GRANT, pages=("1", "2", "3")))
    assert reached == [page(2)]
    assert (type(lost["1"]), type(lost["3"])) == (Refused, PermissionMissing)


def test_page_without_name_and_category_is_reached(web: responses.RequestsMock) -> None:
    play(web, ok({"data": [{"id": 5, "access_token": "EAApage5"}]}))
    assert pages.reachable(graph(), GRANT)[0] == [pages.Page("5", "", "", "EAApage5")]


def test_failing_list_ends_the_reading(web: responses.RequestsMock) -> None:
    play(web, failing(190, 463))
    with pytest.raises(LoginNeeded):
        pages.reachable(graph(), GRANT)


def test_120_pages_are_read_in_three_batches_each_with_its_own_token(web: responses.RequestsMock) -> None:
    numbers = range(1, 121)
    readings, seen = read(web, lambda one: entry({"id": path_of(one), "name": "N"}), *numbers)
    assert [metadata(one)["id"] for one in readings] == [str(number) for number in numbers]
    assert [len(one.batch) for one in seen] == [50, 50, 20]
    assert all(one["access_token"] == f"EAApage{path_of(one)}" for asked in seen for one in asked.batch)


def test_no_page_is_no_request(web: responses.RequestsMock) -> None:
    assert pages.read(graph(), []) == []


def test_retired_field_costs_that_field_only(web: responses.RequestsMock) -> None:
    def reply(one: dict[str, str]) -> Entry:
        return gone("mission") if "mission" in fields_of(one) else entry({"id": "1"})

    [reading], seen = read(web, reply)
    assert set(metadata(reading)) == names(EVERYTHING) - {"mission"}
    assert len(seen) == 2


def test_several_retired_fields_cost_one_round_each(web: responses.RequestsMock) -> None:
    retired = ("products", "category_list", "founded")

    def reply(one: dict[str, str]) -> Entry:
        return next((gone(name) for name in retired if name in fields_of(one)), entry({"id": "1"}))

    [reading], seen = read(web, reply)
    assert set(metadata(reading)) == names(EVERYTHING) - set(retired)
    assert len(seen) == 4


def test_retired_part_of_a_field_costs_that_field_only(web: responses.RequestsMock) -> None:
    def reply(one: dict[str, str]) -> Entry:
        return gone("cache_key") if "cache_key" in fields_of(one) else entry({"id": "1"})

    [reading], _ = read(web, reply)
    assert set(metadata(reading)) == names(EVERYTHING) - {"picture"}


def test_field_that_one_page_refuses_is_still_read_from_the_others(web: responses.RequestsMock) -> None:
    def reply(one: dict[str, str]) -> Entry:
        return gone("phone") if path_of(one) == "2" and "phone" in fields_of(one) else entry({"id": path_of(one)})

    readings, seen = read(web, reply, 1, 2, 3)
    assert ["phone" in metadata(one) for one in readings] == [True, False, True]
    assert [len(one.batch) for one in seen] == [3, 1]


@pytest.mark.parametrize(
    "refusal", [refused(10), refused(200), refused(100), refused(190, 2069032), gone("unheard_of")]
)
@pytest.mark.parametrize(("steps", "left"), [(0, EVERYTHING), (1, CORE), (2, MINIMUM)])
def test_missing_permission_costs_one_step_of_the_ladder(
    web: responses.RequestsMock, refusal: Entry, steps: int, left: Fields
) -> None:
    refusals = [refusal] * steps
    [reading], _ = read(web, lambda _: refusals.pop() if refusals else entry({"id": "1"}))
    assert set(metadata(reading)) == names(left)


@pytest.mark.parametrize("refusal", [refused(10), refused(100), refused(190, 2069032), gone("unheard_of")])
def test_endless_refusal_ends_at_the_least_of_fields(web: responses.RequestsMock, refusal: Entry) -> None:
    [reading], seen = read(web, lambda _: refusal)
    assert isinstance(reading.outcome, Refused | PermissionMissing)
    assert len(seen) == len(LADDER)


def test_refusing_every_field_one_after_the_other_ends(web: responses.RequestsMock) -> None:
    [reading], seen = read(web, lambda one: gone(fields_of(one).partition(",")[0].partition("{")[0]))
    assert isinstance(reading.outcome, Refused)
    assert len(seen) == len(EVERYTHING)


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [(refused(190, 460), LoginNeeded), (refused(101), SetupError), (refused(80001), ProviderBusy)],
)
def test_what_asking_for_less_does_not_mend_is_the_pages_outcome_at_once(
    web: responses.RequestsMock, refusal: Entry, kind: type[StockroomError]
) -> None:
    readings, seen = read(web, lambda one: refusal if path_of(one) == "2" else entry({"id": path_of(one)}), 1, 2, 3)
    assert [type(one.outcome) for one in readings] == [dict, kind, dict]
    assert [one.page for one in readings] == [page(1), page(2), page(3)]
    assert len(seen) == 1


def test_fields_shrink_with_every_refusal() -> None:
    """Else a reading might never end."""
    problems: list[StockroomError] = [
        PermissionMissing("x"),
        Refused("x"),
        *[Refused("x", name) for name in ("id", "about", "url", "name", "unheard_of")],
    ]
    for first in problems:
        for second in problems:
            fields: Fields | None = EVERYTHING
            for problem in [first, second] * len(EVERYTHING):
                less = fewer(fields, problem) if fields else None
                assert less is None or len(less) < len(fields or ())
                fields = less


@pytest.mark.parametrize("problem", [ProviderBusy("x", wait=1), ProviderError("x"), LoginNeeded("x"), SetupError("x")])
def test_less_is_not_asked_for_when_it_would_not_help(problem: StockroomError) -> None:
    assert fewer(EVERYTHING, problem) is None


def test_retired_names_and_secrets_are_not_asked_for() -> None:
    assert not names(EVERYTHING) & {"current_location", "genre", "network", "parking", "start_info", "access_token"}
    assert {"about", "description", "category"} <= names(CORE)


def test_cleared_field_is_null_and_one_not_asked_for_is_absent() -> None:
    found = normalised({"id": "1", "name": "N", "phone": None, "access_token": TOKEN}, ("id", "name", "phone", "about"))
    assert found == {"id": "1", "name": "N", "phone": None, "about": None}


@pytest.mark.parametrize("value", ["", 0, False, [], {}])
def test_empty_value_is_not_a_missing_one(value: Any) -> None:
    assert normalised({"about": value}, ("about",)) == {"about": value}


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"data": {"url": "u", "cache_key": "k"}}, {"url": "u", "cache_key": "k"}),
        ({"url": "u", "cache_key": "k"}, {"url": "u", "cache_key": "k"}),
        (None, None),
    ],
)
def test_picture_has_one_shape_however_it_comes(given: Any, found: Any) -> None:
    assert normalised({"picture": given}, ("picture{url,cache_key}",)) == {"picture": found}


SEEN = {
    "id": "1",
    "website": "https://example.com",
    "cover": {"id": "c1", "source": "https://cdn.example/c?oe=6A2F427E"},
    "picture": {"url": "https://cdn.example/p?oe=6A2F427E", "cache_key": "p1", "is_silhouette": False},
}


def test_signed_addresses_alone_are_no_change() -> None:
    newly_signed = {
        **SEEN,
        "cover": {"id": "c1", "source": "https://cdn.example/c?oe=7"},
        "picture": {"url": "https://cdn.example/p?oe=7", "cache_key": "p1", "is_silhouette": False},
    }
    assert content(newly_signed) == content(SEEN)
    assert SEEN["cover"] == {"id": "c1", "source": "https://cdn.example/c?oe=6A2F427E"}


@pytest.mark.parametrize(
    "change",
    [
        {"cover": {"id": "c2", "source": "https://cdn.example/c?oe=6A2F427E"}},
        {"picture": {"url": "https://cdn.example/p?oe=6A2F427E", "cache_key": "p2", "is_silhouette": False}},
        {"picture": {"url": "https://cdn.example/p?oe=6A2F427E", "cache_key": "p1", "is_silhouette": True}},
        {"cover": None},
        {"picture": None},
        {"website": "https://other.example"},
        {"website": None},
        {"about": None},
    ],
)
def test_everything_else_is_a_change(change: dict[str, Any]) -> None:
    assert content({**SEEN, **change}) != content(SEEN)


def test_page_has_its_place_in_the_bucket_and_shows_no_token() -> None:
    assert pages.snapshot_key("17") == "facebook/17/page_data.json"
    assert (pages.source("17"), pages.folder("17")) == ("facebook/17", "facebook/17")
    assert "EAA" not in repr(page(1))
