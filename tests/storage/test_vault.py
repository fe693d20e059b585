"""Sealed tokens as they lie in the bucket, on each object store."""

import base64
import itertools
import json
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stockroom import vault as vaults
from stockroom.errors import Conflict, StorageError
from stockroom.settings import KeyRing, Spaces
from stockroom.space import Space
from stockroom.vault import Unreadable, Vault
from tests.storage.s3_server import S3Server, on_ceph
from tests.storage.wire import Wire

SHOP = "acme.myshopify.com"
SOURCE, OTHER_SOURCE = f"shopify/{SHOP}", "shopify/rival.myshopify.com"
TOKEN = "shpat_0123456789abcdef0123456789abcdef"
CONTENT = json.dumps({"access_token": TOKEN}).encode()
OLD, NEW = secrets.token_bytes(32), secrets.token_bytes(32)
BEFORE, ROTATING, AFTER = KeyRing({"old": OLD}), KeyRing({"new": NEW, "old": OLD}), KeyRing({"new": NEW})


@pytest.fixture
def vault(space: Space) -> Vault:
    return Vault(space, BEFORE)


def test_what_was_sealed_is_opened_again(vault: Vault) -> None:
    etag = vault.create(SOURCE, CONTENT)
    assert vault.read(SOURCE) == (CONTENT, etag)


def test_a_source_without_tokens_has_none(vault: Vault) -> None:
    vault.create(SOURCE, CONTENT)
    assert vault.read(OTHER_SOURCE) is None
    vault.delete(SOURCE)
    assert vault.read(SOURCE) is None


def test_the_second_of_two_who_seal_at_once_has_to_look_again(vault: Vault) -> None:
    first = vault.create(SOURCE, CONTENT)
    with pytest.raises(Conflict):
        vault.create(SOURCE, b"second")
    vault.swap(SOURCE, CONTENT, first)
    with pytest.raises(Conflict):
        vault.swap(SOURCE, b"second", first)
    assert opened(vault) == CONTENT


def test_a_seal_is_recognised_although_its_answer_is_lost(vault: Vault, wire: Wire) -> None:
    wire.next_writes("answer lost")
    etag = vault.create(SOURCE, CONTENT)
    assert vault.read(SOURCE) == (CONTENT, etag)
    wire.next_writes("answered 500")
    second = vault.swap(SOURCE, b"second", etag)
    assert vault.read(SOURCE) == (b"second", second)


def test_the_same_tokens_are_never_sealed_to_the_same_object(vault: Vault) -> None:
    """So an ETag tells one pair from a later one, and nobody sees that nothing changed."""
    first = vault.create(SOURCE, CONTENT)
    assert vault.swap(SOURCE, CONTENT, first) != first


def test_no_token_shows_in_the_stored_object(vault: Vault, space: Space) -> None:
    vault.create(SOURCE, CONTENT)
    found = stored(space, SOURCE)
    assert found.keys() == {"v", "kid", "alg", "n", "ct"}
    everything = json.dumps(found) + str(space.head(vaults.key(SOURCE), secret=sse_key(BEFORE)))
    for form in (TOKEN, base64.b64encode(CONTENT).decode(), TOKEN[6:], CONTENT.hex()):
        assert form not in everything


def test_the_name_of_the_object_is_all_that_shows_of_a_source(vault: Vault, space: Space) -> None:
    vault.create(SOURCE, CONTENT)
    assert [entry.key for entry in space.list("")] == [f".stockroom/tokens/{SOURCE}.json"]


@on_ceph
def test_without_the_key_the_server_does_not_hand_the_object_out(
    vault: Vault, settings: Spaces, s3_server: S3Server
) -> None:
    """SSE-C, the second layer: not even with the bucket's own credentials, and its metadata neither."""
    vault.create(SOURCE, CONTENT)
    client = s3_server.careful_client()
    for look in (client.get_object, client.head_object):
        with pytest.raises(ClientError) as caught:
            look(Bucket=settings.bucket, Key=vaults.key(SOURCE))
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_another_sources_object_put_in_ones_place_does_not_open(vault: Vault, space: Space) -> None:
    """Whoever may write to the bucket could otherwise make us send one shop's token to another."""
    vault.create(SOURCE, CONTENT)
    vault.create(OTHER_SOURCE, b"other")
    copy = space.read(vaults.key(OTHER_SOURCE), secret=sse_key(BEFORE))
    assert copy is not None
    space.put(vaults.key(SOURCE), copy.body, secret=sse_key(BEFORE))
    with pytest.raises(Unreadable, match=SHOP) as caught:
        vault.read(SOURCE)
    assert "log in again" in caught.value.message
    assert vault.read(OTHER_SOURCE)


def test_no_byte_of_the_object_may_be_altered(vault: Vault, space: Space) -> None:
    """Each in turn, also those that decide nothing: an object that is not exactly ours is not ours."""
    vault.create(SOURCE, CONTENT)
    found = space.read(vaults.key(SOURCE), secret=sse_key(BEFORE))
    assert found is not None
    for position, bit in itertools.product(range(len(found.body)), (0x01, 0x20, 0x80)):
        altered = bytearray(found.body)
        altered[position] ^= bit
        with pytest.raises(Unreadable):
            vaults.open_sealed(BEFORE, SOURCE, bytes(altered))
    space.put(vaults.key(SOURCE), found.body[:-1], secret=sse_key(BEFORE))
    with pytest.raises(Unreadable, match="altered"):
        vault.read(SOURCE)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"v": 1, "kid": [], "n": "", "ct": ""}', b"\xff", b'{"v": 1, "kid": "old"}']
)
def test_an_object_that_is_no_seal_at_all_does_not_open(vault: Vault, space: Space, body: bytes) -> None:
    space.put(vaults.key(SOURCE), body, secret=sse_key(BEFORE))
    with pytest.raises(Unreadable, match=SHOP):
        vault.read(SOURCE)


def test_a_seal_of_a_later_version_asks_for_an_update(vault: Vault, space: Space) -> None:
    sealed = vaults.seal(BEFORE, SOURCE, CONTENT).replace(b'"v": 1', b'"v": 2')
    space.put(vaults.key(SOURCE), sealed, secret=sse_key(BEFORE))
    with pytest.raises(Unreadable, match="deploy the newest"):
        vault.read(SOURCE)


@pytest.mark.parametrize("ring", [AFTER, KeyRing({"old": NEW})], ids=["unknown id", "known id of another key"])
def test_without_the_key_that_sealed_them_tokens_do_not_open(space: Space, vault: Vault, ring: KeyRing) -> None:
    vault.create(SOURCE, CONTENT)
    with pytest.raises(Unreadable) as caught:
        Vault(space, ring).read(SOURCE)
    assert SHOP in caught.value.message
    assert TOKEN not in str(caught.value)


def test_the_message_about_a_key_that_is_gone_names_the_variable(space: Space, vault: Vault) -> None:
    vault.create(SOURCE, CONTENT)
    with pytest.raises(Unreadable, match="TOKEN_KEYS"):
        Vault(space, AFTER).read(SOURCE)


def test_while_keys_rotate_the_old_one_opens_and_the_new_one_seals(space: Space, vault: Vault) -> None:
    vault.create(SOURCE, CONTENT)
    rotating = Vault(space, ROTATING)
    found = rotating.read(SOURCE)
    assert found is not None
    assert stored(space, SOURCE)["kid"] == "old"
    rotating.swap(SOURCE, *found)
    assert stored(space, SOURCE, AFTER)["kid"] == "new"
    assert opened(Vault(space, AFTER)) == CONTENT
    with pytest.raises(Unreadable):
        vault.read(SOURCE)


def test_a_swap_from_the_old_key_to_the_new_is_recognised_too(space: Space, vault: Vault, wire: Wire) -> None:
    """What was there cannot be looked at with the new key."""
    etag = vault.create(SOURCE, CONTENT)
    rotating = Vault(space, ROTATING)
    wire.next_writes("request lost", 3)
    with pytest.raises(StorageError):
        rotating.swap(SOURCE, CONTENT, etag)
    wire.next_writes("answer lost")
    second = rotating.swap(SOURCE, CONTENT, etag)
    assert rotating.read(SOURCE) == (CONTENT, second)


def test_tokens_that_do_not_open_can_be_replaced(space: Space, vault: Vault) -> None:
    vault.create(SOURCE, CONTENT)
    replaced = Vault(space, AFTER)
    replaced.replace(SOURCE, b"new")
    assert opened(replaced) == b"new"


@on_ceph
def test_a_write_that_is_refused_is_not_blamed_on_the_key_ring(vault: Vault, wire: Wire) -> None:
    """Ceph answers 400 here as well, and it means something else."""
    wire.next_writes("altered")
    with pytest.raises(StorageError):
        vault.create(SOURCE, CONTENT)


def opened(vault: Vault, source: str = SOURCE) -> bytes:
    found = vault.read(source)
    assert found is not None
    return found[0]


def stored(space: Space, source: str, ring: KeyRing = BEFORE) -> dict[str, Any]:
    """The object as it lies in the bucket."""
    found = space.read(vaults.key(source), secret=sse_key(ring))
    assert found is not None
    content: dict[str, Any] = json.loads(found.body)
    return content


def sse_key(ring: KeyRing) -> bytes:
    return vaults._derive(ring.keys[ring.newest], "sse-c")
