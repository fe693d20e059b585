"""The object stores that the storage battery runs on, and what each of them can be held to."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import boto3
import pytest
from botocore.config import Config

from tests.ceph.rados_gateway import ACCESS_KEY, SECRET_KEY, RadosGateway

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

REGION = "us-east-1"  # the one region in which every server makes a bucket without being told where

MOTO = pytest.param("moto")
CEPH_HTTP = pytest.param("ceph-http", marks=pytest.mark.ceph)
CEPH_HTTPS = pytest.param("ceph-https", marks=pytest.mark.ceph)
ALL = (MOTO, CEPH_HTTP, CEPH_HTTPS)

# For a test of which moto knows nothing: @on_ceph before it.
on_ceph = pytest.mark.parametrize("s3_server", [CEPH_HTTP, CEPH_HTTPS], indirect=True)

Promise = Literal["credentials", "customer keys", "body digests", "literal ETags"]


@dataclass(frozen=True, slots=True)
class S3Server:
    """How to reach one server, and what it does as Spaces does: `"customer keys" in server.honours`.

    - `credentials`: a wrong secret is refused
    - `customer keys`: SSE-C encrypts, and another key is refused
    - `body digests`: a body that differs from its Content-MD5 is refused
    - `literal ETags`: a quoted ETag in a condition never matches; a condition on a missing object fails with 412
    """

    name: str
    endpoint: str
    access_key: str
    secret_key: str
    honours: frozenset[Promise]
    region: str = REGION
    ca_bundle: str | None = None

    def client(self, *, secret_key: str | None = None, **options: Any) -> "S3Client":
        """Plain boto3, told no more than it must be; `options` go into its Config."""
        return _session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=secret_key or self.secret_key,
            verify=self.ca_bundle,
            config=Config(s3={"addressing_style": "path"}, **options),
        )

    def careful_client(self) -> "S3Client":
        """As `client`, without the checksums that Ceph refuses over https."""
        return self.client(request_checksum_calculation="when_required", response_checksum_validation="when_required")


@cache
def _session() -> boto3.session.Session:
    """One for all: it keeps the parsed description of S3, which takes long to read."""
    return boto3.session.Session()


# A process of its own: `mock_aws`, which other tests use, wipes every bucket of the process that it is used in.
_MOTO = """
import logging, sys
from moto.server import ThreadedMotoServer
logging.getLogger("werkzeug").setLevel(logging.ERROR)  # it tells every request
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until whoever started this is gone
"""


@contextlib.contextmanager
def moto_server() -> Iterator[S3Server]:
    """Quick, and forgiving where Spaces is not."""
    command = [sys.executable, "-c", _MOTO]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        endpoint = f"http://127.0.0.1:{int(process.stdout.readline())}"
        yield S3Server("moto", endpoint, "moto-test-key", "moto-test-secret", frozenset())


def ceph_server(ceph: RadosGateway, scheme: Literal["http", "https"]) -> S3Server:
    """The software that Spaces runs; only over https does it show how it takes modern checksums."""
    return S3Server(
        name=f"ceph-{scheme}",
        endpoint=ceph.https if scheme == "https" else ceph.http,
        access_key=ACCESS_KEY,
        secret_key=SECRET_KEY,
        honours=frozenset({"credentials", "customer keys", "body digests", "literal ETags"}),
        ca_bundle=str(ceph.certificate) if scheme == "https" else None,
    )


@contextlib.contextmanager
def fresh_bucket(server: S3Server, name: str) -> Iterator[str]:
    """An empty bucket that is gone afterwards, with whatever was put in it."""
    client = server.careful_client()
    client.create_bucket(Bucket=name)
    yield name
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
        for entry in page.get("Contents", []):
            client.delete_object(Bucket=name, Key=entry["Key"])
    client.delete_bucket(Bucket=name)
