"""Publishing a snapshot and its freshness record, on each object store."""

import json
from functools import partial
from typing import Any

import pytest

from stockroom import snapshot
from stockroom.errors import Conflict, StorageError
from stockroom.settings import Spaces
from stockroom.snapshot import Published, Stamp
from stockroom.space import Space
from tests.storage.wire import Wire

FOLDER = "acme.myshopify.com"
KEY = f"{FOLDER}/shopify_data.json"
RECORD = f"{FOLDER}/freshness.json"
NOON = 1_795_521_600.0  # 2026-11-24T12:00:00Z
FIRST: dict[str, Any] = {"shop": {"name": "Käse & Söhne 🧀"}, "products": [1, 2]}
SECOND: dict[str, Any] = {**FIRST, "products": [1, 2, 3]}
COUNTS = {"products": 2}


def test_the_object_is_the_document_and_carries_its_stamp(space: Space) -> None:
    published = publish(space, FIRST, NOON)
    stamp = published.stamp
    assert published.changed
    assert stored(space, KEY) == {**FIRST, "extensions": stamp.document()}
    head = space.head(KEY)
    assert head is not None
    assert Stamp.of(head) == stamp
    assert stamp.read_at == "2026-11-24T12:00:00.000Z"


def test_unchanged_data_costs_one_head_and_is_not_uploaded(
    space: Space, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    first = publish(space, FIRST, NOON)
    wire.requests.clear()
    with caplog.at_level("INFO", "stockroom"):
        again = publish(space, dict(reversed(FIRST.items())), NOON + 60)
    assert wire.requests == [f"HEAD {KEY}"]
    assert again == Published(first.stamp, changed=False)
    assert "No upload needed: Data unchanged" in caplog.text


def test_changed_data_replaces_what_was_there(space: Space, wire: Wire) -> None:
    first = publish(space, FIRST, NOON)
    wire.requests.clear()
    second = publish(space, SECOND, NOON + 60)
    assert wire.requests == [f"HEAD {KEY}", f"PUT {KEY}"]
    assert second.changed
    assert second.stamp.snapshot_id != first.stamp.snapshot_id
    assert stored(space, KEY)["products"] == [1, 2, 3]


def test_data_that_went_back_to_what_it_was_is_another_version(space: Space) -> None:
    """Otherwise a swap by the ETag of the first would succeed on the third."""
    etags = set()
    for content, read_at in ((FIRST, NOON), (SECOND, NOON + 1), (FIRST, NOON + 2)):
        publish(space, content, read_at)
        head = space.head(KEY)
        assert head is not None
        etags.add(head.etag)
    assert len(etags) == 3


def test_what_was_read_earlier_never_replaces_what_was_read_later(space: Space) -> None:
    later = publish(space, SECOND, NOON + 60)
    assert publish(space, FIRST, NOON) == Published(later.stamp, changed=False, overtaken=True)
    assert stored(space, KEY)["products"] == [1, 2, 3]


@pytest.mark.parametrize("before", [None, {"products": []}], ids=["first snapshot", "next snapshot"])
@pytest.mark.parametrize("offset", [-1, 1], ids=["read before the other", "read after the other"])
def test_of_two_who_publish_at_once_the_later_reading_stands(
    space: Space, settings: Spaces, wire: Wire, before: dict[str, Any] | None, offset: int
) -> None:
    if before:
        publish(space, before, NOON - 60)
    wire.before_next_write(lambda: publish(Space(settings), SECOND, NOON))
    ours = publish(space, FIRST, NOON + offset)
    assert ours.changed == (offset > 0)
    assert stored(space, KEY)["products"] == ([1, 2] if offset > 0 else [1, 2, 3])


def test_of_two_who_publish_the_same_at_once_one_uploads(space: Space, settings: Spaces, wire: Wire) -> None:
    wire.before_next_write(lambda: publish(Space(settings), FIRST, NOON))
    ours = publish(space, FIRST, NOON + 1)
    assert not ours.changed
    assert stored(space, KEY)["extensions"] == ours.stamp.document()


def test_who_is_overtaken_again_and_again_gives_up(space: Space, settings: Spaces, wire: Wire) -> None:
    for number in range(5):
        wire.before_next_write(partial(publish, Space(settings), {"products": [number]}, NOON + number))
    with pytest.raises(Conflict, match="try again later"):
        publish(space, FIRST, NOON + 60)


def test_an_object_that_something_else_wrote_is_replaced(space: Space) -> None:
    space.put(KEY, b"not ours", metadata={"content-hash": snapshot.content_hash(FIRST)})
    assert publish(space, FIRST, NOON).changed
    assert stored(space, KEY)["products"] == [1, 2]


def test_an_upload_whose_answer_is_lost_counts_once(space: Space, wire: Wire) -> None:
    wire.next_writes("answer lost", 3)
    published = publish(space, FIRST, NOON)
    assert published.changed
    assert publish(space, FIRST, NOON) == Published(published.stamp, changed=False)


def test_an_upload_that_fails_leaves_the_last_good_snapshot(space: Space, wire: Wire) -> None:
    first = publish(space, FIRST, NOON)
    wire.next_writes("request lost", 3)
    with pytest.raises(StorageError):
        publish(space, SECOND, NOON + 60)
    assert stored(space, KEY) == {**FIRST, "extensions": first.stamp.document()}


def test_the_record_tells_when_it_was_checked_and_changed(space: Space) -> None:
    snapshot.record_check(space, FOLDER, NOON, publish(space, FIRST, NOON), COUNTS, None)
    assert record(space) == {
        "checkedAt": "2026-11-24T12:00:00.000Z",
        "changedAt": "2026-11-24T12:00:00.000Z",
        "staleAfter": "2026-11-24T12:30:00.000Z",
        "counts": COUNTS,
        "complete": True,
        "doubt": None,
        "access": "ok",
        "lastError": None,
    }


def test_a_check_without_change_keeps_the_time_of_the_last_change(space: Space) -> None:
    snapshot.record_check(space, FOLDER, NOON, publish(space, FIRST, NOON), COUNTS, None)
    snapshot.record_check(space, FOLDER, NOON + 60, publish(space, FIRST, NOON + 60), COUNTS, "1 product was missed")
    found = record(space)
    assert (found["changedAt"], found["checkedAt"]) == ("2026-11-24T12:00:00.000Z", "2026-11-24T12:01:00.000Z")
    assert (found["complete"], found["doubt"]) == (False, "1 product was missed")


def test_a_failure_keeps_what_is_known_of_the_last_good_snapshot(space: Space) -> None:
    snapshot.record_check(space, FOLDER, NOON, publish(space, FIRST, NOON), COUNTS, None)
    good = record(space)
    snapshot.record_failure(space, FOLDER, NOON + 60, "Shopify failed.")
    error = {"at": "2026-11-24T12:01:00.000Z", "message": "Shopify failed."}
    assert record(space) == {**good, "lastError": error}
    snapshot.record_check(space, FOLDER, NOON + 90, publish(space, FIRST, NOON + 90), COUNTS, None)
    assert record(space)["lastError"] is None


def test_a_failure_before_the_first_snapshot_says_that_nothing_is_there(space: Space) -> None:
    snapshot.record_failure(space, FOLDER, NOON, "Shopify failed.")
    found = record(space)
    assert (found["checkedAt"], found["changedAt"], found["complete"]) == (None, None, False)


def test_two_who_record_at_once_lose_nothing(space: Space, settings: Spaces, wire: Wire) -> None:
    published = publish(space, FIRST, NOON)
    wire.before_next_write(lambda: snapshot.record_failure(Space(settings), FOLDER, NOON, "Shopify failed."))
    wire.before_next_write(
        lambda: snapshot.record_check(Space(settings), FOLDER, NOON, published, {"products": 1}, None)
    )
    snapshot.record_failure(space, FOLDER, NOON + 60, "Spaces failed.")
    found = record(space)
    assert found["counts"] == {"products": 1}
    assert found["lastError"]["message"] == "Spaces failed."


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null"])
def test_a_damaged_record_is_begun_anew(space: Space, body: bytes) -> None:
    space.put(RECORD, body)
    snapshot.record_check(space, FOLDER, NOON, publish(space, FIRST, NOON), COUNTS, None)
    assert record(space)["complete"] is True


def publish(space: Space, content: dict[str, Any], read_at: float) -> Published:
    return snapshot.publish(space, KEY, content, read_at, lambda stamp: {**content, "extensions": stamp.document()})


def stored(space: Space, key: str) -> dict[str, Any]:
    found = space.read(key)
    assert found is not None
    content: dict[str, Any] = json.loads(found.body)
    return content


def record(space: Space) -> dict[str, Any]:
    found = stored(space, RECORD)
    assert found.pop("recordId")
    return found
