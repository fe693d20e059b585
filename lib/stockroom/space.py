"""The bucket. Every quirk of S3, and of Spaces' own S3, lives here and nowhere else.

- An ETag is stripped of its quotes: Spaces (Ceph) compares it letter by letter and never matches a quoted one.
- A conditional write that lost may come back as 412, 404, 409 or 500, and a repeated attempt may lose against itself.
  So every write carries an id of its own, and when the outcome is unclear the object is looked at.
- Deletes never decide a race: Spaces ignores conditions on them.
- An ETag is the MD5 of the content, so two writers of the same bytes cannot be told apart by it: whoever swaps puts
  something unique into each body.
- Checksums that newer SDKs add by default are refused by older Ceph over https; Content-MD5 is checked by all.
- The message of an error may be empty; only status and code are used.
"""

import base64
import hashlib
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Never, TypeVar

from stockroom.errors import Conflict, SetupError, StockroomError, StorageError
from stockroom.settings import Spaces

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

T = TypeVar("T")
JSON = "application/json"

_WRITE_ID = "write-id"
_LOST = (404, 409, 412)
_PRECONDITION_FAILED = 412
_NOT_FOUND = 404
_NEVER_CONNECTED = ("ConnectTimeoutError", "EndpointConnectionError")
_MISSING = ("NoSuchKey", "404", "NotFound")
_SERVER_FAILED = 500


class WrongKey(StockroomError):
    """The object is encrypted (SSE-C) under another key than the one given."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it was read; `body` is empty when only its head was asked for."""

    etag: str
    metadata: Mapping[str, str]
    modified: datetime
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """An object as a listing tells it."""

    key: str
    etag: str
    size: int
    modified: datetime


class Space:
    """One bucket. Keys are paths such as `acme.myshopify.com/shopify_data.json`; everything written is private."""

    def __init__(self, settings: Spaces, *, private: bool = False) -> None:
        """The bucket that the bot reads, or with `private` the one that holds our own state (often the same)."""
        self._settings = settings
        self.bucket = settings.private_bucket if private else settings.bucket
        self._variable = "SPACES_BUCKET" if self.bucket == settings.bucket else "SPACES_PRIVATE_BUCKET"

    def read(self, key: str, *, secret: bytes | None = None) -> Found | None:
        """The whole object, or None. `secret` is its SSE-C key of 32 bytes; raises WrongKey if it is another."""

        def get() -> Found:
            reply = self._client.get_object(Bucket=self.bucket, Key=key, **_customer_key(secret))
            return _found(reply, reply["Body"].read())

        return self._call(get, key, secret)

    def head(self, key: str, *, secret: bytes | None = None) -> Found | None:
        """The object without its body, or None."""

        def head() -> Found:
            return _found(self._client.head_object(Bucket=self.bucket, Key=key, **_customer_key(secret)))

        return self._call(head, key, secret)

    def create(
        self, key: str, body: bytes, *, secret: bytes | None = None, metadata: Mapping[str, str] | None = None
    ) -> str:
        """Write a new object and return its ETag; raises Conflict if there is one."""
        return self._write(key, body, secret, metadata, {"IfNoneMatch": "*"})

    def swap(
        self,
        key: str,
        body: bytes,
        etag: str,
        *,
        secret: bytes | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> str:
        """Replace exactly the version that was read and return the new ETag; raises Conflict if it is gone."""
        return self._write(key, body, secret, metadata, {"IfMatch": etag})

    def put(
        self, key: str, body: bytes, *, secret: bytes | None = None, metadata: Mapping[str, str] | None = None
    ) -> str:
        """Write whatever is there before: only for objects that a single writer owns."""
        return self._write(key, body, secret, metadata, {})

    def list(self, prefix: str) -> Iterator[Entry]:
        """Every object below a prefix, in order of its key, however many there are."""
        start, more = "", True
        while more:
            reply = self._page(prefix, start)
            for item in reply.get("Contents", []):
                start = item["Key"]
                yield Entry(start, item["ETag"].strip('"'), item["Size"], item["LastModified"])
            more = reply["IsTruncated"]

    def delete(self, key: str) -> None:
        """Remove an object; it may be gone already."""
        self._call(lambda: self._client.delete_object(Bucket=self.bucket, Key=key), key)

    def link(self, key: str, seconds: int) -> str:
        """An address under which anybody may read the object for a while."""
        return self._client.generate_presigned_url(
            "get_object", Params={"Bucket": self.bucket, "Key": key}, ExpiresIn=seconds
        )

    @property
    def _client(self) -> "S3Client":
        try:
            return _client(self._settings)
        except ValueError:  # botocore's word for an address that is none
            raise SetupError(f"{self._settings.endpoint} is no address: check SPACES_ENDPOINT.") from None

    def _page(self, prefix: str, start: str) -> "ListObjectsV2OutputTypeDef":
        """Up to a thousand entries after `start`; a position that is a key cannot go stale as a token might."""
        reply = self._call(
            lambda: self._client.list_objects_v2(Bucket=self.bucket, Prefix=prefix, StartAfter=start), prefix
        )
        return reply or {"IsTruncated": False}  # type: ignore[return-value]

    def _write(
        self,
        key: str,
        body: bytes,
        secret: bytes | None,
        metadata: Mapping[str, str] | None,
        condition: Mapping[str, str],
    ) -> str:
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import, see _client

        write_id = uuid.uuid4().hex
        try:
            reply = self._client.put_object(
                Bucket=self.bucket,
                Key=key,
                Body=body,
                ACL="private",
                ContentType=JSON,
                ContentMD5=base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode(),
                Metadata={**(metadata or {}), _WRITE_ID: write_id},
                **_customer_key(secret),
                **condition,  # type: ignore[arg-type]
            )
        except (ClientError, BotoCoreError) as error:
            return self._outcome(error, key, secret, write_id, condition)
        return reply["ETag"].strip('"')

    def _outcome(
        self, error: Exception, key: str, secret: bytes | None, write_id: str, condition: Mapping[str, str]
    ) -> str:
        """The ETag if our write took place although the answer says otherwise or is lost; raises if it did not."""
        status, code = _status_and_code(error)
        if code == "NoSuchBucket" or (status not in _LOST and 0 < status < _SERVER_FAILED):
            self._raise(error, key, None)  # no write is refused because another key encrypted what was there
        if type(error).__name__ in _NEVER_CONNECTED:
            self._raise(error, key, None)
        try:
            found = self.head(key, secret=secret)
        except WrongKey:
            found = None
        if found and found.metadata.get(_WRITE_ID) == write_id:
            return found.etag
        if _was_lost(status, code, condition, found):
            raise Conflict(f"{key} was written by someone else in the meantime.") from None
        return self._raise(error, key, None)

    def _call(self, action: Callable[[], T], key: str, secret: bytes | None = None) -> T | None:
        """One request; None for an object that is not there."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - slow to import, see _client

        try:
            return action()
        except (ClientError, BotoCoreError) as error:
            if _status_and_code(error)[1] in _MISSING:
                return None
            return self._raise(error, key, secret)

    def _raise(self, error: Exception, key: str, secret: bytes | None) -> Never:
        status, code = _status_and_code(error)
        setup = _SETUP_PROBLEMS.get(code)
        if setup:
            names = {"bucket": self.bucket, "variable": self._variable, "region": self._settings.region}
            raise SetupError(setup.format(**names)) from None
        if secret and status == 400:  # noqa: PLR2004 - how Ceph says that the SSE-C key is another
            raise WrongKey(f"{key} is encrypted under a key that TOKEN_KEYS does not hold.") from None
        if status == _NOT_FOUND:
            raise SetupError(
                f"{self._settings.endpoint} does not answer as Spaces does: check SPACES_REGION (and SPACES_ENDPOINT)."
            ) from None
        if status == 0:
            raise StorageError(
                f"Spaces cannot be reached at {self._settings.endpoint}: "
                "check SPACES_REGION (and SPACES_ENDPOINT), or try again."
            ) from None
        raise StorageError(f"Spaces answered {status} {code} about {key}; try again later.") from None


_SETUP_PROBLEMS = {
    "NoSuchBucket": "The bucket {bucket} does not exist in {region}: check {variable} and SPACES_REGION.",
    "InvalidAccessKeyId": "Spaces does not know this access key: check SPACES_ACCESS_KEY.",
    "SignatureDoesNotMatch": "Spaces refuses the secret key: check SPACES_SECRET_KEY.",
    "AccessDenied": "Spaces denies access to {bucket}: let the key in SPACES_ACCESS_KEY read, write and delete there.",
    "403": "Spaces denies access to {bucket}: check SPACES_ACCESS_KEY and SPACES_SECRET_KEY and what the key may do.",
}
_SETUP_PROBLEMS["Forbidden"] = _SETUP_PROBLEMS["403"]


def _was_lost(status: int, code: str, condition: Mapping[str, str], found: Found | None) -> bool:
    """Whether a conditional write failed because of someone else's. What is no S3 server says 404 to everything."""
    if "IfMatch" in condition:
        genuine = status != _NOT_FOUND or code == "NoSuchKey"
        return genuine and (status in _LOST or found is None or found.etag != condition["IfMatch"])
    return bool(condition) and (status == _PRECONDITION_FAILED or found is not None)


def _found(reply: Mapping[str, Any], body: bytes = b"") -> Found:
    return Found(reply["ETag"].strip('"'), reply["Metadata"], reply["LastModified"], body)


def _status_and_code(error: Exception) -> tuple[int, str]:
    """HTTP status and S3 code; 0 and "" when no answer came."""
    response = getattr(error, "response", None)
    if not response:
        return 0, ""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status, response.get("Error", {}).get("Code", "")


def _customer_key(secret: bytes | None) -> dict[str, Any]:
    return {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": secret} if secret else {}


@cache
def _client(settings: Spaces) -> "S3Client":
    """One client for a process. Imported here: a request that is refused beforehand need not wait for it."""
    import boto3  # noqa: PLC0415
    from botocore.config import Config  # noqa: PLC0415

    return boto3.session.Session().client(
        "s3",
        endpoint_url=settings.endpoint,
        region_name=settings.region,
        aws_access_key_id=settings.access_key,
        aws_secret_access_key=settings.secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if settings.path_style else "virtual"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            max_pool_connections=32,  # as many as write at once: see facebook/webhook
            # A caller waits: two tries and a look at the outcome have to fit into a web call.
            connect_timeout=2,
            read_timeout=5,
            retries={"mode": "standard", "total_max_attempts": 2},
            tcp_keepalive=True,
        ),
    )
