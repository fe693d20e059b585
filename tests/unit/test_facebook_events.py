import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom.facebook.events import PageEvent, split
from tests.unit.admin_api import NOW


def body(*entries: Any, **changes: Any) -> bytes:
    return json.dumps({"object": "page", "entry": entries, **changes}).encode()


def told(page: Any, *fields: Any, time: Any = 1) -> dict[str, Any]:
    return {"id": page, "time": time, "changes": [{"field": field, "value": "new"} for field in fields]}


def found(*entries: Any) -> dict[str, list[str]]:
    return {event.page: event.item["fields"] for event in split(body(*entries), NOW)}


def test_item_names_page_and_fields_and_no_value() -> None:
    [event] = split(body(told("17", "phone", "description", "phone", time=1767225600)), NOW)
    assert event.page == "17"
    assert event.item == {
        "provider": "facebook",
        "page": "17",
        "receivedAt": "2027-01-15T08:00:00.000Z",
        "sentAt": [1767225600],
        "fields": ["description", "phone"],
    }


def test_thousand_changes_of_many_pages_become_one_event_for_each_page() -> None:
    entries = [told(str(1 + number % 40), f"field{number}", time=number) for number in range(1000)]
    events = split(body(*entries), NOW)
    assert [event.page for event in events] == [str(page) for page in range(1, 41)]
    assert sum(len(event.item["fields"]) for event in events) == 1000
    assert events[0].item["sentAt"] == list(range(0, 1000, 40))
    assert len({event.delivery for event in events}) == 40


def test_thousand_changes_in_one_entry_are_one_event() -> None:
    assert found(told("1", *[f"f{number:03}" for number in range(1000)])) == {
        "1": [f"f{number:03}" for number in range(1000)]
    }


def test_changes_without_values_are_read_as_well() -> None:
    assert found({"id": "1", "time": 1, "changed_fields": ["phone", "hours"]}) == {"1": ["hours", "phone"]}
    assert found({**told("1", "name"), "changed_fields": ["phone"]}) == {"1": ["name", "phone"]}


def test_number_as_id_is_the_same_page() -> None:
    assert found(told(7, "name"), told("7", "phone")) == {"7": ["name", "phone"]}


def test_messages_are_not_read() -> None:
    message = {"id": "1", "time": 1, "messaging": [{"message": {"text": "private"}}], "standby": [{}]}
    assert found(message) == {}
    assert found(message, told("1", "name")) == {"1": ["name"]}


@pytest.mark.parametrize("page", ["", "me", "1/../2", "-1", "1.5", "²", "\u0661", "1 ", None, [], {}, True, 1.5])
def test_entry_whose_id_is_not_a_pages_is_left_out(page: Any) -> None:
    assert found(told(page, "name"), told("2", "name")) == {"2": ["name"]}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        "text",
        7,
        [],
        {},
        {"id": "1"},
        {"changes": [{"field": "name"}]},
        {"id": "1", "changes": None},
        {"id": "1", "changes": {"field": "name"}},
        {"id": "1", "changes": "name"},
        {"id": "1", "changes": [None, "name", {}, {"field": None}, {"field": 1}, {"field": ["name"]}]},
        {"id": "1", "changed_fields": "name"},
        {"id": "1", "changed_fields": [None, 1, {"field": "name"}]},
    ],
)
def test_entry_of_another_shape_costs_only_itself(entry: Any) -> None:
    assert found(entry, told("2", "name")) == {"2": ["name"]}


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"no json",
        b"\xff\xfe\xfa",
        b"null",
        b"7",
        b"[]",
        b'"page"',
        b"{}",
        b'{"object": "page"}',
        b'{"object": "page", "entry": {"id": "1"}}',
        b'{"object": "page", "entry": "1"}',
        b'{"object": "page", "entry": null}',
        b"[" * 100_000,
        b'{"object": "page", "entry": ' + b"[" * 100_000,
        b"1" * 10_000,
    ],
    ids=range(15),
)
def test_body_that_says_nothing_about_pages_is_no_event(garbage: bytes) -> None:
    assert split(garbage, NOW) == []


@pytest.mark.parametrize("kind", ["user", "instagram", "application", "Page", None])
def test_event_about_something_else_than_a_page_is_left_alone(kind: Any) -> None:
    assert split(body(told("1", "name"), object=kind), NOW) == []


@given(st.binary())
def test_any_bytes_at_all_can_be_split(raw: bytes) -> None:
    assert isinstance(split(raw, NOW), list)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "time", "changes", "field"]), inner),
    )
)
def test_any_entry_at_all_can_be_read(entry: Any) -> None:
    for event in split(body(entry), NOW):
        assert event.page.isdigit()


def _only(raw: bytes, now: float = NOW) -> PageEvent:
    [event] = split(raw, now)
    return event


def test_same_delivery_has_the_same_name_whenever_it_comes() -> None:
    raw = body(told("1", "name", "phone"))
    assert _only(raw).delivery == _only(raw, NOW + 3600).delivery


@pytest.mark.parametrize(
    "other", [told("2", "name"), told("1", "phone"), told("1", "name", time=2), told("1", "name", "phone")]
)
def test_another_delivery_has_another_name(other: dict[str, Any]) -> None:
    assert _only(body(told("1", "name"))).delivery != _only(body(other)).delivery


def test_name_of_a_delivery_is_fit_for_a_path() -> None:
    assert _only(body(told("1", "../../x"))).delivery.isalnum()


def test_escaped_and_plain_unicode_are_both_read() -> None:
    assert _only(b'{"object":"page","entry":[{"id":"1","time":1,"changed_fields":["\\u00e4"]}]}').item["fields"] == [
        "ä"
    ]
