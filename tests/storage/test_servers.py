"""The facts about Spaces' own software that our code rests on, each with the rule that would go if it changed.

moto forgives most of them, so code that was only run on moto proves nothing. What it forgives is pinned too: the day
it learns one, `S3Server.honours` is to say so.
"""

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.storage.s3_server import CEPH_HTTP, CEPH_HTTPS, S3Server, on_ceph

KEY = "object"
ONE_SECRET, OTHER_SECRET = b"1" * 32, b"2" * 32


def status(call: Callable[..., Any], **parameters: Any) -> int:
    """How the server answered, be it success or an error."""
    try:
        answer = call(**parameters)
    except ClientError as error:
        answer = error.response
    code: int = answer["ResponseMetadata"]["HTTPStatusCode"]
    return code


def test_a_quoted_etag_never_matches_where_etags_are_literal(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space` strips the quotes of every ETag. boto3 gives them quoted and sends them back as they are."""
    client = s3_server.careful_client()
    quoted = client.put_object(Bucket=bucket, Key=KEY, Body=b"1")["ETag"]
    refused = status(client.put_object, Bucket=bucket, Key=KEY, Body=b"2", IfMatch=quoted) == 412
    assert quoted.startswith('"')
    assert refused == ("literal ETags" in s3_server.honours)


def test_an_unquoted_etag_matches_its_version_and_no_other(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space.swap` is a compare-and-swap by the unquoted ETag."""
    client = s3_server.careful_client()
    first = client.put_object(Bucket=bucket, Key=KEY, Body=b"1")["ETag"].strip('"')
    assert status(client.put_object, Bucket=bucket, Key=KEY, Body=b"2", IfMatch=first) == 200
    assert status(client.put_object, Bucket=bucket, Key=KEY, Body=b"3", IfMatch=first) == 412


def test_an_object_is_created_only_once(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space.create` decides races, for leases, used states and inbox items."""
    client = s3_server.careful_client()
    assert status(client.put_object, Bucket=bucket, Key=KEY, Body=b"1", IfNoneMatch="*") == 200
    assert status(client.put_object, Bucket=bucket, Key=KEY, Body=b"2", IfNoneMatch="*") == 412


def test_a_swap_of_a_missing_object_fails(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space.swap` counts 404 and 412 alike as lost; Spaces says 412, others 404."""
    client = s3_server.careful_client()
    answer = status(client.put_object, Bucket=bucket, Key=KEY, Body=b"1", IfMatch="0" * 32)
    assert answer == (412 if "literal ETags" in s3_server.honours else 404)


def test_equal_bodies_have_equal_etags_even_when_encrypted(s3_server: S3Server, bucket: str) -> None:
    """Rule: whoever swaps puts something unique into each body, for an ETag tells content, not versions."""
    client = s3_server.careful_client()
    encrypted = client.put_object(
        Bucket=bucket, Key=KEY, Body=b"same", SSECustomerAlgorithm="AES256", SSECustomerKey=ONE_SECRET
    )
    assert encrypted["ETag"].strip('"') == hashlib.md5(b"same").hexdigest()


@on_ceph
def test_a_delete_ignores_its_condition(s3_server: S3Server, bucket: str) -> None:
    """Rule: a delete never decides a race; a lease is given up by a swap."""
    client = s3_server.careful_client()
    client.put_object(Bucket=bucket, Key=KEY, Body=b"1")
    assert status(client.delete_object, Bucket=bucket, Key=KEY, IfMatch="0" * 32) == 204
    assert status(client.head_object, Bucket=bucket, Key=KEY) == 404


def test_another_encryption_key_is_refused(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space` takes a 400 for an object read with an SSE-C key as WrongKey, also from a bare HEAD."""
    client = s3_server.careful_client()
    client.put_object(Bucket=bucket, Key=KEY, Body=b"1", SSECustomerAlgorithm="AES256", SSECustomerKey=ONE_SECRET)
    with_other: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": OTHER_SECRET}
    expected = 400 if "customer keys" in s3_server.honours else 200
    assert status(client.get_object, Bucket=bucket, Key=KEY, **with_other) == expected
    assert status(client.head_object, Bucket=bucket, Key=KEY, **with_other) == expected
    assert status(client.get_object, Bucket=bucket, Key=KEY) == expected


def test_a_wrong_secret_key_is_refused(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space` names the variable that is wrong. On moto any key works, so only Ceph shows it."""
    client = s3_server.client(secret_key="not-the-secret")
    expected = 403 if "credentials" in s3_server.honours else 200
    assert status(client.list_objects_v2, Bucket=bucket) == expected


@on_ceph
def test_errors_carry_a_code_and_no_message(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space` decides by status and code, never by text."""
    with pytest.raises(ClientError) as caught:
        s3_server.client(secret_key="not-the-secret").list_objects_v2(Bucket=bucket)
    assert caught.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert not caught.value.response["Error"].get("Message")


def test_a_body_that_was_altered_on_its_way_is_refused(s3_server: S3Server, bucket: str) -> None:
    """Rule: `space` sends Content-MD5 with every body, in place of the newer checksums."""
    digest = base64.b64encode(hashlib.md5(b"what was meant").digest()).decode()
    answer = status(s3_server.careful_client().put_object, Bucket=bucket, Key=KEY, Body=b"altered", ContentMD5=digest)
    assert answer == (400 if "body digests" in s3_server.honours else 200)


@pytest.mark.parametrize(
    ("s3_server", "by_default"),
    [
        pytest.param(*CEPH_HTTP.values, 200, marks=CEPH_HTTP.marks),
        pytest.param(*CEPH_HTTPS.values, 411, marks=CEPH_HTTPS.marks),
    ],
    indirect=["s3_server"],
)
def test_boto3s_own_checksums_are_refused_over_https_only(s3_server: S3Server, bucket: str, by_default: int) -> None:
    """Rule: `space` sets both checksum options to `when_required`; without TLS a test would not see why."""
    assert status(s3_server.client().put_object, Bucket=bucket, Key=KEY, Body=b"1") == by_default
    assert status(s3_server.careful_client().put_object, Bucket=bucket, Key=KEY, Body=b"1") == 200
