"""Answers that get lost, workers that race, and a bucket that is set up wrong, on each object store."""

import json
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from stockroom.errors import Conflict, SetupError, StockroomError, StorageError
from stockroom.settings import Spaces
from stockroom.space import Space
from tests.ceph.rados_gateway import free_ports
from tests.storage.s3_server import CEPH_HTTP, CEPH_HTTPS, MOTO, S3Server, on_ceph
from tests.storage.wire import Fate, Wire

KEY = "acme.myshopify.com/shopify_data.json"
ATTEMPTS = 3  # of boto3 at one request
TAKEN: list[Fate] = ["answer lost", "answered 500"]

Write = Callable[[Space, bytes], str]


def create(space: Space, body: bytes) -> str:
    return space.create(KEY, body, metadata={"content-hash": "sha256:1"})


def swap(space: Space, body: bytes) -> str:
    found = space.head(KEY)
    return space.swap(KEY, body, found.etag if found else "0" * 32)


def put(space: Space, body: bytes) -> str:
    return space.put(KEY, body)


conditional = pytest.mark.parametrize("write", [create, swap])
every_write = pytest.mark.parametrize("write", [create, swap, put])

# moto looks and then writes, without a lock, so nothing that races can be held against it.
atomic = pytest.mark.parametrize("s3_server", [CEPH_HTTP], indirect=True)


@every_write
@pytest.mark.parametrize("fate", TAKEN)
@pytest.mark.parametrize("times", [1, ATTEMPTS])
def test_a_write_is_recognised_although_its_answer_is_lost(
    space: Space, wire: Wire, write: Write, fate: Fate, times: int
) -> None:
    """Once: boto3 repeats it and loses against itself. Each time: nobody ever says that it worked."""
    if write is not create:
        space.create(KEY, b"before")
    wire.next_writes(fate, times)
    etag = write(space, b"after")
    assert current(space) == (b"after", etag)


@every_write
def test_a_write_that_never_arrives_fails_and_may_be_tried_again(space: Space, wire: Wire, write: Write) -> None:
    if write is not create:
        space.create(KEY, b"before")
    wire.next_writes("request lost", ATTEMPTS)
    with pytest.raises(StorageError) as caught:
        write(space, b"after")
    assert not isinstance(caught.value, Conflict)
    assert current(space)[0] == (None if write is create else b"before")
    assert write(space, b"after") == current(space)[1]


@conditional
@pytest.mark.parametrize("fate", ["request lost", *TAKEN])
def test_a_lost_answer_does_not_hide_that_another_was_first(
    space: Space, wire: Wire, settings: Spaces, write: Write, fate: Fate
) -> None:
    if write is swap:
        space.create(KEY, b"before")
    wire.next_writes(fate, ATTEMPTS)
    wire.before_next_write(lambda: Space(settings).put(KEY, b"another's"))
    with pytest.raises(Conflict):
        write(space, b"ours")
    assert current(space)[0] == b"another's"


def test_an_unconditional_write_that_was_overtaken_is_not_taken_for_a_success(space: Space, wire: Wire) -> None:
    """Nothing tells whether it took place, so the caller has to look."""
    space.create(KEY, b"another's")
    wire.next_writes("request lost", ATTEMPTS)
    with pytest.raises(StorageError):
        put(space, b"ours")


def test_the_write_ids_of_two_writes_differ(space: Space) -> None:
    """Or one writer would take another's object for its own."""
    ids = set()
    for _ in range(2):
        put(space, b"same")
        found = space.head(KEY)
        assert found is not None
        ids.add(found.metadata["write-id"])
    assert len(ids) == 2


@atomic
def test_ten_writers_who_swap_lose_no_increment(space: Space) -> None:
    space.create(KEY, b'{"count": 0}')

    def increment(_: int) -> None:
        while True:
            found = space.read(KEY)
            assert found is not None
            body = {"count": json.loads(found.body)["count"] + 1, "id": uuid.uuid4().hex}
            try:
                space.swap(KEY, json.dumps(body).encode(), found.etag)
            except Conflict:
                continue
            return

    with ThreadPoolExecutor(10) as workers:
        list(workers.map(increment, range(100)))
    assert json.loads(current(space)[0] or b"")["count"] == 100


@atomic
def test_of_eight_who_create_at_once_exactly_one_succeeds(space: Space) -> None:
    def attempt(number: int) -> str | None:
        try:
            return space.create(KEY, b"%d" % number)
        except Conflict:
            return None

    with ThreadPoolExecutor(8) as workers:
        won = [etag for etag in workers.map(attempt, range(8)) if etag]
    assert won == [current(space)[1]]


OPERATIONS: list[Callable[[Space], Any]] = [
    lambda space: space.read(KEY),
    lambda space: space.head(KEY),
    lambda space: list(space.list("")),
    lambda space: space.create("new", b"1"),
    lambda space: space.swap(KEY, b"1", "0" * 32),
    lambda space: space.put(KEY, b"1"),
    lambda space: space.delete(KEY),
]
OPERATION_IDS = ["read", "head", "list", "create", "swap", "put", "delete"]
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=OPERATION_IDS)
each_that_writes = pytest.mark.parametrize("operation", OPERATIONS[3:], ids=OPERATION_IDS[3:])


@on_ceph
@each_operation
def test_a_wrong_secret_key_is_named(settings: Spaces, operation: Callable[[Space], Any]) -> None:
    message = refusal(SetupError, replace(settings, secret_key="wrong-" + settings.secret_key), operation)
    assert "SPACES_SECRET_KEY" in message


@on_ceph
@each_operation
def test_an_unknown_access_key_is_named(settings: Spaces, operation: Callable[[Space], Any]) -> None:
    message = refusal(SetupError, replace(settings, access_key="unknown-" + settings.access_key), operation)
    assert "SPACES_ACCESS_KEY" in message


@pytest.mark.parametrize("operation", OPERATIONS[:1] + OPERATIONS[2:], ids=["read", *OPERATION_IDS[2:]])
def test_a_bucket_that_does_not_exist_is_named(settings: Spaces, operation: Callable[[Space], Any]) -> None:
    """But by a head: an answer without a body does not tell what is missing."""
    message = refusal(SetupError, replace(settings, bucket="there-is-none"), operation)
    assert "SPACES_BUCKET" in message
    assert "there-is-none" in message


def test_a_private_bucket_that_does_not_exist_is_named_as_such(settings: Spaces) -> None:
    wrong = replace(settings, private_bucket="there-is-none")
    assert Space(wrong).read(KEY) is None
    with pytest.raises(SetupError, match="SPACES_PRIVATE_BUCKET"):
        Space(wrong, private=True).read(KEY)


@on_ceph
@each_that_writes
def test_a_bucket_that_may_only_be_read_is_named(
    space: Space, settings: Spaces, s3_server: S3Server, operation: Callable[[Space], Any]
) -> None:
    space.create(KEY, b"before")
    client = s3_server.careful_client()
    client.put_bucket_policy(Bucket=settings.bucket, Policy=json.dumps(read_only(settings.bucket)))
    try:
        message = refusal(SetupError, settings, operation)
        assert current(space)[0] == b"before"
    finally:
        client.delete_bucket_policy(Bucket=settings.bucket)
    assert "SPACES_ACCESS_KEY" in message
    assert settings.bucket in message


@pytest.mark.parametrize("s3_server", [MOTO], indirect=True)
@each_operation
def test_a_server_that_does_not_answer_is_named(settings: Spaces, operation: Callable[[Space], Any]) -> None:
    nowhere = f"http://127.0.0.1:{free_ports(1)[0]}"
    message = refusal(StorageError, replace(settings, endpoint=nowhere), operation)
    assert nowhere in message
    assert "SPACES_ENDPOINT" in message


@pytest.mark.parametrize("s3_server", [CEPH_HTTPS], indirect=True)
def test_a_server_whose_certificate_is_not_trusted_is_told_nothing(
    settings: Spaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    anew = replace(settings, region="eu-west-1")  # so that it is a new client
    message = refusal(StorageError, anew, lambda space: space.read(KEY))
    assert settings.endpoint in message


def refusal(kind: type[StockroomError], settings: Spaces, operation: Callable[[Space], Any]) -> str:
    """The one sentence that an operation fails with; neither it nor its traceback holds the secret."""
    with pytest.raises(kind) as caught:
        operation(Space(settings))
    assert settings.secret_key not in "".join(traceback.format_exception(caught.value))
    return caught.value.message


def read_only(bucket: str) -> dict[str, Any]:
    forbidden = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": ["s3:PutObject", "s3:DeleteObject"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    return {"Version": "2012-10-17", "Statement": [forbidden]}


def current(space: Space) -> tuple[bytes | None, str | None]:
    found = space.read(KEY)
    return (found.body, found.etag) if found else (None, None)
