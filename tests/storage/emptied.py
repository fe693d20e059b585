"""One bucket for all tests, one after the other: a new one, with a client of its own, takes longer than most tests."""

import contextlib
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from stockroom.settings import Spaces
from stockroom.space import Space
from tests.storage.s3_server import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


@contextlib.contextmanager
def emptied(server: S3Server, settings: Spaces) -> Iterator[Space]:
    """The bucket, empty before and after. It is made each time: moto forgets its buckets whenever it is mocked."""
    _operator(server).create_bucket(Bucket=settings.bucket)
    space = Space(settings)
    yield space
    for entry in space.list(""):
        space.delete(entry.key)


@cache
def _operator(server: S3Server) -> "S3Client":
    return server.careful_client()
