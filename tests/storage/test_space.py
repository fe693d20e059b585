"""Reading, writing, listing and lending objects, on each object store."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from stockroom.errors import Conflict, StorageError
from stockroom.settings import Spaces
from stockroom.space import Space, WrongKey
from tests.storage.s3_server import CEPH_HTTP, S3Server, on_ceph
from tests.storage.wire import Wire

KEY = "acme.myshopify.com/shopify_data.json"
BODY = json.dumps({"title": "Käse 🧀"}, ensure_ascii=False).encode()
HARD_KEYS = ("a b+c.json", "käse/日本.json", "a%2Fb?c#d&e=f", "a//b", "~/it's (here)!.json", "ünï", "z")


def test_what_was_created_is_read_back_with_its_metadata(space: Space) -> None:
    etag = space.create(KEY, BODY, metadata={"content-hash": "sha256:1"})
    found = space.read(KEY)
    assert found is not None
    assert (found.body, found.etag, found.metadata["content-hash"]) == (BODY, etag, "sha256:1")
    assert abs(datetime.now(UTC) - found.modified) < timedelta(minutes=1)


def test_an_etag_is_told_without_quotes_everywhere(space: Space) -> None:
    """With them, Spaces would never recognise it."""
    etag = space.create(KEY, BODY)
    head, read, (entry,) = space.head(KEY), space.read(KEY), space.list("")
    assert '"' not in etag
    assert head is not None
    assert read is not None
    assert {head.etag, read.etag, entry.etag} == {etag}


def test_a_head_tells_everything_but_the_body(space: Space) -> None:
    etag = space.create(KEY, BODY, metadata={"content-hash": "sha256:1"})
    head = space.head(KEY)
    assert head is not None
    assert (head.body, head.etag, head.metadata["content-hash"]) == (b"", etag, "sha256:1")


def test_an_object_that_is_not_there_is_none(space: Space) -> None:
    assert space.read(KEY) is None
    assert space.head(KEY) is None
    assert list(space.list("")) == []


def test_an_empty_body_is_an_object_like_any_other(space: Space) -> None:
    etag = space.create(KEY, b"")
    found = space.read(KEY)
    assert found is not None
    assert found.body == b""
    assert space.swap(KEY, b"no longer", etag)


def test_a_second_create_meets_the_first(space: Space) -> None:
    space.create(KEY, b"first")
    with pytest.raises(Conflict, match=KEY):
        space.create(KEY, b"second")
    assert body(space) == b"first"


def test_a_create_of_the_very_same_body_meets_the_first_too(space: Space) -> None:
    """An ETag tells content, so it would not tell the two apart."""
    space.create(KEY, b"")
    with pytest.raises(Conflict):
        space.create(KEY, b"")


def test_a_swap_replaces_the_version_that_was_read(space: Space) -> None:
    second = space.swap(KEY, b"second", space.create(KEY, b"first"))
    assert body(space) == b"second"
    assert space.swap(KEY, b"third", second)


def test_a_swap_of_an_older_version_changes_nothing(space: Space) -> None:
    first = space.create(KEY, b"first")
    space.swap(KEY, b"second", first)
    with pytest.raises(Conflict):
        space.swap(KEY, b"third", first)
    assert body(space) == b"second"


def test_a_swap_of_an_object_that_is_gone_does_not_bring_it_back(space: Space) -> None:
    etag = space.create(KEY, b"first")
    space.delete(KEY)
    with pytest.raises(Conflict):
        space.swap(KEY, b"second", etag)
    assert space.read(KEY) is None


def test_a_put_replaces_whatever_is_there(space: Space) -> None:
    space.put(KEY, b"first")
    space.put(KEY, b"second", metadata={"content-hash": "sha256:2"})
    found = space.read(KEY)
    assert found is not None
    assert (found.body, found.metadata["content-hash"]) == (b"second", "sha256:2")


def test_a_deleted_object_is_gone_and_may_be_deleted_again(space: Space) -> None:
    space.create(KEY, BODY)
    space.delete(KEY)
    space.delete(KEY)
    assert space.read(KEY) is None


@pytest.mark.parametrize("key", HARD_KEYS)
def test_a_key_may_hold_any_character(space: Space, key: str) -> None:
    etag = space.create(key, BODY)
    assert [entry.key for entry in space.list("")] == [key]
    assert space.swap(key, b"2", etag)
    space.delete(key)
    assert space.head(key) is None


def test_a_listing_is_in_order_of_the_keys_utf8(space: Space, wire: Wire) -> None:
    """Small pages, so that a page begins after each of the hard keys as well."""
    wire.page_length = 2
    for key in HARD_KEYS:
        space.put(key, b"")
    assert [entry.key for entry in space.list("")] == sorted(HARD_KEYS, key=str.encode)
    assert wire.methods["GET"] == 4


@pytest.mark.parametrize("s3_server", [CEPH_HTTP], indirect=True)
def test_a_listing_goes_on_beyond_a_thousand_keys(space: Space, settings: Spaces, s3_server: S3Server) -> None:
    """The real length of a page, where a thousand objects are quickly made."""
    keys = [f"inbox/{number:04}" for number in range(1_003)]
    client = s3_server.careful_client()
    client.put_bucket_acl(Bucket=settings.bucket, ACL="public-read-write")  # unsigned requests are quickly made
    with requests.Session() as anybody:
        for key in keys:
            anybody.put(f"{settings.endpoint}/{settings.bucket}/{key}", b"").raise_for_status()
    client.put_bucket_acl(Bucket=settings.bucket, ACL="private")
    assert [entry.key for entry in space.list("inbox/")] == keys
    for some in (keys[:1000], keys[1000:]):
        client.delete_objects(Bucket=settings.bucket, Delete={"Objects": [{"Key": key} for key in some]})


def test_a_listing_tells_size_and_time_and_nothing_of_neighbours(space: Space) -> None:
    for key in ("shops/acme/1", "shops/acme-2/1", "shops/acme", "shops/ACME/1"):
        space.create(key, BODY)
    (entry,) = space.list("shops/acme/")
    assert (entry.key, entry.size) == ("shops/acme/1", len(BODY))
    assert abs(datetime.now(UTC) - entry.modified) < timedelta(minutes=1)


def test_nothing_written_is_public(space: Space, settings: Spaces, s3_server: S3Server) -> None:
    """Also where a public object is replaced."""
    client = s3_server.careful_client()
    client.put_object(Bucket=settings.bucket, Key=KEY, Body=b"open", ACL="public-read")
    assert fetch(s3_server, f"{settings.endpoint}/{settings.bucket}/{KEY}").status_code == 200
    space.put(KEY, BODY)
    assert fetch(s3_server, f"{settings.endpoint}/{settings.bucket}/{KEY}").status_code == 403
    acl = client.get_object_acl(Bucket=settings.bucket, Key=KEY)
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]


def test_everything_written_is_called_json(space: Space, settings: Spaces, s3_server: S3Server) -> None:
    space.create(KEY, BODY)
    assert s3_server.careful_client().head_object(Bucket=settings.bucket, Key=KEY)["ContentType"] == "application/json"


def test_a_body_that_is_altered_on_its_way_is_not_stored(space: Space, wire: Wire, s3_server: S3Server) -> None:
    wire.next_writes("altered")
    if "body digests" in s3_server.honours:
        with pytest.raises(StorageError):
            space.create(KEY, BODY)
        assert space.read(KEY) is None
    else:
        space.create(KEY, BODY)
    assert "content-md5" in wire.headers[0]


def test_a_link_lets_anybody_read_for_a_while(space: Space, s3_server: S3Server) -> None:
    space.create(KEY, BODY)
    address = space.link(KEY, 60)
    assert fetch(s3_server, address).content == BODY
    assert fetch(s3_server, address.partition("?")[0]).status_code == 403


@on_ceph
def test_a_link_that_has_expired_or_was_altered_is_worth_nothing(
    space: Space, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    space.create(KEY, BODY)
    space.create("other", BODY)
    address = space.link(KEY, 60)
    assert fetch(s3_server, address.replace("shopify_data", "facebook_data")).status_code == 403
    assert fetch(s3_server, address.replace(KEY, "other")).status_code == 403
    minutes_ago = datetime.now(UTC) - timedelta(seconds=90)
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda **_: minutes_ago.replace(tzinfo=None))
    assert fetch(s3_server, space.link(KEY, 60)).status_code == 403
    assert fetch(s3_server, space.link(KEY, 120)).status_code == 200


@on_ceph
@pytest.mark.parametrize("look", [Space.read, Space.head])
def test_an_encrypted_object_opens_with_its_own_key_only(space: Space, look: Callable[..., Any]) -> None:
    ours, other = b"1" * 32, b"2" * 32
    space.create(KEY, BODY, secret=ours)
    assert look(space, KEY, secret=ours)
    with pytest.raises(WrongKey, match="TOKEN_KEYS"):
        look(space, KEY, secret=other)
    with pytest.raises(StorageError):
        look(space, KEY)


def test_an_encrypted_object_is_swapped_to_another_key(space: Space) -> None:
    """How a key is rotated."""
    ours, other = b"1" * 32, b"2" * 32
    space.swap(KEY, b"second", space.create(KEY, b"first", secret=ours), secret=other)
    found = space.read(KEY, secret=other)
    assert found is not None
    assert found.body == b"second"


def body(space: Space) -> bytes:
    found = space.read(KEY)
    assert found is not None
    return found.body


def fetch(server: S3Server, address: str) -> requests.Response:
    """As somebody who has nothing but the address."""
    return requests.get(address, verify=server.ca_bundle or True, timeout=10)
