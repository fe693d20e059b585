"""Events and used-up logins, kept once, on each object store."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from stockroom import inbox, state
from stockroom.errors import CallerError, StorageError
from stockroom.space import Space
from tests.storage.s3_server import CEPH_HTTP
from tests.storage.wire import Wire

SOURCE = "shopify/acme.myshopify.com"
DELIVERY = "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"
EVENT = {"topic": "products/update", "names": {"id": 1}}
LOGIN = state.State("shopify/login", "acme.myshopify.com", "0123456789abcdef", 0, "")


def test_an_event_lies_below_its_source_until_it_is_cleared(space: Space) -> None:
    assert inbox.store(space, SOURCE, DELIVERY, EVENT)
    found = space.read(f".stockroom/inbox/{SOURCE}/{DELIVERY}")
    assert found is not None
    assert json.loads(found.body) == EVENT
    inbox.clear(space, SOURCE, DELIVERY)
    assert keys(space) == []


def test_a_delivery_that_is_repeated_is_kept_once_as_it_came_first(space: Space) -> None:
    assert inbox.store(space, SOURCE, DELIVERY, EVENT)
    assert not inbox.store(space, SOURCE, DELIVERY, {})
    found = space.read(inbox.key(SOURCE, DELIVERY))
    assert found is not None
    assert json.loads(found.body) == EVENT


def test_the_same_delivery_of_another_source_is_another_event(space: Space) -> None:
    assert inbox.store(space, SOURCE, DELIVERY, EVENT)
    assert inbox.store(space, "shopify/rival.myshopify.com", DELIVERY, EVENT)
    inbox.clear(space, SOURCE, DELIVERY)
    assert keys(space) == [f".stockroom/inbox/shopify/rival.myshopify.com/{DELIVERY}"]


@pytest.mark.parametrize("delivery", ["../../tokens/shopify/acme", "a/b", "", "ü", "x" * 2000, "\udc80", "a b", "a.b"])
def test_no_delivery_id_leads_out_of_its_sources_folder(space: Space, delivery: str) -> None:
    assert inbox.store(space, SOURCE, delivery, EVENT)
    assert not inbox.store(space, SOURCE, delivery, EVENT)
    (key,) = keys(space)
    folder, _, name = key.rpartition("/")
    assert folder == f".stockroom/inbox/{SOURCE}"
    assert name.isalnum()
    inbox.clear(space, SOURCE, delivery)
    assert keys(space) == []


def test_an_event_whose_arrival_is_unclear_counts_as_new_once(space: Space, wire: Wire) -> None:
    wire.next_writes("answer lost")
    assert inbox.store(space, SOURCE, DELIVERY, EVENT)
    assert not inbox.store(space, SOURCE, DELIVERY, EVENT)


def test_an_event_that_could_not_be_kept_is_told(space: Space, wire: Wire) -> None:
    """So that Shopify delivers it again."""
    wire.next_writes("request lost", 3)
    with pytest.raises(StorageError):
        inbox.store(space, SOURCE, DELIVERY, EVENT)


def test_a_login_is_completed_once(space: Space) -> None:
    state.spend(space, LOGIN)
    with pytest.raises(CallerError, match="completed already") as caught:
        state.spend(space, LOGIN)
    assert caught.value.status == 409
    assert keys(space) == [f".stockroom/used/{LOGIN.nonce}"]


@pytest.mark.parametrize("s3_server", [CEPH_HTTP], indirect=True)
def test_of_two_callbacks_at_once_one_completes_the_login(space: Space) -> None:
    def complete(_: int) -> bool:
        try:
            state.spend(space, LOGIN)
        except CallerError:
            return False
        return True

    with ThreadPoolExecutor(8) as workers:
        assert sum(workers.map(complete, range(8))) == 1


def keys(space: Space) -> list[str]:
    return [entry.key for entry in space.list("")]
