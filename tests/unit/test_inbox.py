import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom import inbox
from stockroom.errors import StockroomError
from stockroom.space import Space

SOURCE = "shopify/acme.myshopify.com"


@pytest.mark.parametrize("delivery", ["b54557e4-bdd9-4b37-8a5f-bf7d70bcd043", "test-1", "A", "x" * 64])
def test_plain_delivery_id_is_the_objects_name(delivery: str) -> None:
    assert inbox.key(SOURCE, delivery) == f".stockroom/inbox/{SOURCE}/{delivery}"


@pytest.mark.parametrize("delivery", ["", "../../tokens/x", "a/b", "a.b", "x" * 65, "a\n", "é", "\ud800", "a b", "%2e"])
def test_other_delivery_id_is_replaced_by_its_hash(delivery: str) -> None:
    assert re.fullmatch(rf"\.stockroom/inbox/{SOURCE}/[0-9a-f]{{64}}", inbox.key(SOURCE, delivery))


@given(st.text(), st.text())
def test_no_delivery_leaves_the_inbox_or_takes_anothers_place(delivery: str, other: str) -> None:
    folder, _, name = inbox.key(SOURCE, delivery).rpartition("/")
    assert folder == f".stockroom/inbox/{SOURCE}"
    assert re.fullmatch(r"[A-Za-z0-9-]{1,64}", name)
    assert (inbox.key(SOURCE, other) == inbox.key(SOURCE, delivery)) == (other == delivery)


def test_event_is_kept_once_however_often_it_is_delivered(space: Space) -> None:
    assert inbox.store(space, SOURCE, "d1", {"topic": "products/update"})
    assert not inbox.store(space, SOURCE, "d1", {"topic": "repeated"})
    assert inbox.store(space, SOURCE, "d2", {})
    found = space.read(inbox.key(SOURCE, "d1"))
    assert found is not None
    assert json.loads(found.body) == {"topic": "products/update"}


def test_same_delivery_id_of_another_source_is_another_event(space: Space) -> None:
    assert inbox.store(space, SOURCE, "d1", {})
    assert inbox.store(space, "shopify/other.myshopify.com", "d1", {})


def test_event_that_was_worked_off_is_taken_away(space: Space) -> None:
    inbox.store(space, SOURCE, "a b", {})
    inbox.store(space, SOURCE, "kept", {})
    inbox.clear(space, SOURCE, "a b")
    inbox.clear(space, SOURCE, "never-there")
    assert [entry.key for entry in space.list(".stockroom/inbox/")] == [inbox.key(SOURCE, "kept")]


def test_event_that_cannot_be_kept_is_not_taken_for_a_repetition(space: Space) -> None:
    space.bucket = "missing"
    with pytest.raises(StockroomError, match="does not exist"):
        inbox.store(space, SOURCE, "d1", {})
