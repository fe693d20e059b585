import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockroom import snapshot
from stockroom.errors import Conflict, StorageError
from stockroom.snapshot import Content, Published, Stamp
from stockroom.space import Space

KEY = "acme.myshopify.com/shopify_data.json"
RECORD = "acme.myshopify.com/freshness.json"
T0 = 1_800_000_000.0

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
contents = st.dictionaries(st.text(max_size=5), values, max_size=3)


def publish(space: Space, content: Content, read_at: float = T0) -> Published:
    def document(stamp: Stamp) -> Content:
        return {"data": content, "stamp": stamp.document()}

    return snapshot.publish(space, KEY, content, read_at, document)


def stored(space: Space, key: str = KEY) -> dict[str, Any]:
    found = space.read(key)
    assert found is not None
    content: dict[str, Any] = json.loads(found.body)
    return content


def turned(value: Any) -> Any:
    """The same content with its keys the other way round."""
    if isinstance(value, dict):
        return {name: turned(inner) for name, inner in reversed(value.items())}
    return [turned(inner) for inner in value] if isinstance(value, list) else value


def in_order(value: Any) -> str:
    """A text that tells a list from an object and True from 1, but not one order of keys from another."""
    if isinstance(value, dict):
        return repr({name: in_order(inner) for name, inner in sorted(value.items())})
    return repr([in_order(inner) for inner in value] if isinstance(value, list) else value)


def rival(space: Space, key: str, body: Callable[[int], bytes], times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker that writes the object between our look at it and our own write, so many times."""
    left = iter(reversed(range(times)))

    def second(write: Callable[..., str]) -> Callable[..., str]:
        def written(*args: Any, **named: Any) -> str:
            for number in left:
                space.put(key, body(number), metadata={"content-hash": f"h{number}"})
                break
            return write(*args, **named)

        return written

    monkeypatch.setattr(space, "create", second(space.create))
    monkeypatch.setattr(space, "swap", second(space.swap))


@given(contents)
def test_order_of_keys_is_no_change(content: dict[str, Any]) -> None:
    assert snapshot.content_hash(turned(content)) == snapshot.content_hash(content)


@given(contents, contents)
def test_any_other_difference_is_a_change(left: dict[str, Any], right: dict[str, Any]) -> None:
    same = snapshot.content_hash(left) == snapshot.content_hash(right)
    assert same == (in_order(left) == in_order(right))


def test_hash_names_its_kind_and_takes_lone_surrogates() -> None:
    assert snapshot.content_hash({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    assert snapshot.content_hash({"a": "\ud800"}).startswith("sha256:")


@given(st.floats(0, 4e9), st.floats(0, 4e9))
def test_times_as_text_sort_as_the_times_do(left: float, right: float) -> None:
    low, high = sorted((left, right))
    assert snapshot.timestamp(low) <= snapshot.timestamp(high)


def test_time_is_iso_8601_in_utc_with_milliseconds() -> None:
    assert snapshot.timestamp(T0) == "2027-01-15T08:00:00.000Z"
    assert snapshot.timestamp(T0 + 0.5) == "2027-01-15T08:00:00.500Z"


def test_first_snapshot_is_uploaded_with_its_stamp(space: Space) -> None:
    published = publish(space, {"title": "Größe \ud800"})
    assert published.changed
    assert stored(space) == {"data": {"title": "Größe \ud800"}, "stamp": published.stamp.document()}
    assert published.stamp.content_hash == snapshot.content_hash({"title": "Größe \ud800"})
    assert published.stamp.read_at == snapshot.timestamp(T0)
    found = space.head(KEY)
    assert found is not None
    assert Stamp.of(found) == published.stamp


def test_unchanged_content_is_not_uploaded(space: Space, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    first = publish(space, {"a": 1, "b": 2})
    before = space.head(KEY)
    second = publish(space, {"b": 2, "a": 1}, T0 + 60)
    assert second == Published(first.stamp, changed=False)
    assert space.head(KEY) == before
    assert f"No upload needed: Data unchanged ({KEY})" in caplog.text


def test_changed_content_replaces_the_snapshot_under_a_new_id(space: Space) -> None:
    first, second = publish(space, {"a": 1}), publish(space, {"a": 2}, T0 + 60)
    assert second.changed
    assert stored(space)["data"] == {"a": 2}
    assert second.stamp.snapshot_id != first.stamp.snapshot_id


def test_same_content_that_comes_back_later_is_another_object(space: Space) -> None:
    """Else a worker holding the first one's ETag could overwrite the third."""
    publish(space, {"a": 1})
    first = space.head(KEY)
    publish(space, {"a": 2}, T0 + 1)
    publish(space, {"a": 1}, T0 + 2)
    third = space.head(KEY)
    assert first is not None
    assert third is not None
    assert first.etag != third.etag


def test_snapshot_is_never_replaced_by_one_that_was_read_earlier(
    space: Space, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    later = publish(space, {"a": "later"}, T0 + 60)
    assert publish(space, {"a": "earlier"}, T0) == Published(later.stamp, changed=False, overtaken=True)
    assert stored(space)["data"] == {"a": "later"}
    assert "a later reading lies there" in caplog.text
    assert "Data unchanged" not in caplog.text


def test_equal_content_that_was_read_earlier_is_simply_unchanged(space: Space) -> None:
    later = publish(space, {"a": 1}, T0 + 60)
    assert publish(space, {"a": 1}, T0) == Published(later.stamp, changed=False)


@pytest.mark.parametrize("metadata", [{}, {"content-hash": "h", "read-at": "9999"}])
def test_object_that_something_else_wrote_is_replaced(space: Space, metadata: Mapping[str, str]) -> None:
    space.put(KEY, b"{}", metadata=metadata)
    assert publish(space, {"a": 1}).changed
    assert stored(space)["data"] == {"a": 1}


def test_snapshot_that_was_read_at_the_same_moment_is_replaced(space: Space) -> None:
    publish(space, {"a": 1})
    assert publish(space, {"a": 2}).changed


def test_snapshot_is_utf8_without_escapes(space: Space) -> None:
    publish(space, {"title": "Größe"})
    found = space.read(KEY)
    assert found is not None
    assert "Größe".encode() in found.body


def test_worker_that_lost_the_race_looks_again(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    rival(space, KEY, lambda n: b"%d" % n, 4, monkeypatch)
    assert publish(space, {"a": 1}).changed
    assert stored(space)["data"] == {"a": 1}


def test_worker_that_always_loses_says_so(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    rival(space, KEY, lambda n: b"%d" % n, 5, monkeypatch)
    with pytest.raises(Conflict, match="by others all the time"):
        publish(space, {"a": 1})


def test_nothing_is_uploaded_when_what_is_stored_cannot_be_looked_at(
    space: Space, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def head(_: str) -> None:
        raise StorageError("Spaces failed.")

    monkeypatch.setattr(space, "head", head)
    with pytest.raises(StorageError, match="Spaces failed"):
        publish(space, {"a": 1})
    assert "Failed to fetch existing data: Spaces failed." in caplog.text
    assert list(space.list("")) == []


def test_upload_that_fails_otherwise_is_not_tried_again(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def create(key: str, *_: Any, **__: Any) -> str:
        tried.append(key)
        raise StorageError("Spaces failed.")

    monkeypatch.setattr(space, "create", create)
    with pytest.raises(StorageError, match="Spaces failed"):
        publish(space, {"a": 1})
    assert tried == [KEY]


READ_AT = "2027-01-15T07:59:00.000Z"


def check(space: Space, now: float, *, changed: bool, doubt: str | None = None) -> dict[str, Any]:
    published = Published(Stamp("h", READ_AT, "i"), changed=changed)
    snapshot.record_check(space, "acme.myshopify.com", now, published, {"products": 3}, doubt)
    return stored(space, RECORD)


def test_check_is_recorded_with_what_it_found(space: Space) -> None:
    record = check(space, T0, changed=True)
    assert record.pop("recordId")
    assert record == {
        "checkedAt": "2027-01-15T08:00:00.000Z",
        "changedAt": READ_AT,
        "staleAfter": "2027-01-15T08:30:00.000Z",
        "counts": {"products": 3},
        "complete": True,
        "doubt": None,
        "access": "ok",
        "lastError": None,
    }


def test_time_of_the_last_change_is_the_snapshots_own_even_if_its_record_was_lost(space: Space) -> None:
    record = check(space, T0 + 60, changed=False)
    assert (record["checkedAt"], record["changedAt"]) == ("2027-01-15T08:01:00.000Z", READ_AT)


def test_doubtful_check_is_not_called_complete(space: Space) -> None:
    record = check(space, T0, changed=True, doubt="2 products were read, Shopify counts 3")
    assert (record["complete"], record["doubt"]) == (False, "2 products were read, Shopify counts 3")


def test_failure_is_noted_beside_the_last_good_check(space: Space) -> None:
    good = check(space, T0, changed=True)
    snapshot.record_failure(space, "acme.myshopify.com", T0 + 60, "Shopify failed.")
    record = stored(space, RECORD)
    assert record["lastError"] == {"at": "2027-01-15T08:01:00.000Z", "message": "Shopify failed."}
    assert {**record, "lastError": None, "recordId": None} == {**good, "recordId": None}
    assert check(space, T0 + 120, changed=False)["lastError"] is None


def test_lost_access_is_noted_until_the_source_is_read_again(space: Space) -> None:
    good = check(space, T0, changed=True)
    snapshot.record_loss(space, "acme.myshopify.com", T0 + 60, "The app was removed.")
    lost = stored(space, RECORD)
    assert (lost["access"], lost["lastError"]["message"]) == ("lost", "The app was removed.")
    assert (lost["checkedAt"], lost["counts"]) == (good["checkedAt"], good["counts"])
    snapshot.record_failure(space, "acme.myshopify.com", T0 + 90, "Shopify failed.")
    assert stored(space, RECORD)["access"] == "lost"
    assert check(space, T0 + 120, changed=False)["access"] == "ok"


def test_failure_of_the_very_first_reading_claims_nothing(space: Space) -> None:
    snapshot.record_failure(space, "acme.myshopify.com", T0, "Shopify failed.")
    record = stored(space, RECORD)
    assert (record["checkedAt"], record["changedAt"], record["complete"]) == (None, None, False)


@pytest.mark.parametrize("damage", [b"", b"not json", b"[1]", b"null", b"\xff"])
def test_damaged_record_is_begun_anew(space: Space, damage: bytes) -> None:
    space.put(RECORD, damage)
    assert check(space, T0, changed=False)["checkedAt"] == "2027-01-15T08:00:00.000Z"


def test_records_are_merged_when_two_workers_write_at_once(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    check(space, T0, changed=True)
    rival(space, RECORD, lambda n: json.dumps({"told": f"rival {n}"}).encode(), 4, monkeypatch)
    assert check(space, T0 + 60, changed=False)["told"] == "rival 0"


def test_first_records_of_two_workers_do_not_overwrite_each_other(
    space: Space, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival(space, RECORD, lambda n: json.dumps({"told": f"rival {n}"}).encode(), 1, monkeypatch)
    assert check(space, T0, changed=False)["told"] == "rival 0"


def test_record_that_others_always_change_says_so(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    rival(space, RECORD, lambda n: json.dumps({"n": n}).encode(), 5, monkeypatch)
    with pytest.raises(Conflict, match="by others all the time"):
        check(space, T0, changed=False)


def test_same_record_twice_is_two_versions(space: Space) -> None:
    """Spaces' ETag is the content's MD5: equal bytes would let both of two racing writers believe that they won."""
    check(space, T0, changed=False)
    first = space.head(RECORD)
    check(space, T0, changed=False)
    second = space.head(RECORD)
    assert first is not None
    assert second is not None
    assert first.etag != second.etag
