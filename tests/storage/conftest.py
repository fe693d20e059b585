"""A `Space` of the test's own on each object store, and the wire that leads to it."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from stockroom.settings import Spaces
from stockroom.space import Space
from tests.storage.emptied import emptied
from tests.storage.s3_server import S3Server
from tests.storage.wire import Wire

BUCKET = "stockroom-battery"


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 waits up to seconds before it repeats a request."""
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))


@pytest.fixture
def settings(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Spaces]:
    """How a function would be told of an empty bucket. The certificate is trusted as an operator's own would be."""
    if s3_server.ca_bundle:
        monkeypatch.setenv("AWS_CA_BUNDLE", s3_server.ca_bundle)
    settings = Spaces(
        access_key=s3_server.access_key,
        secret_key=s3_server.secret_key,
        bucket=BUCKET,
        private_bucket=BUCKET,
        region=s3_server.region,
        endpoint=s3_server.endpoint,
        path_style=True,
    )
    with emptied(s3_server, settings):
        yield settings


@pytest.fixture
def space(settings: Spaces) -> Space:
    return Space(settings)


@pytest.fixture
def wire(space: Space) -> Iterator[Wire]:
    wire = Wire(space)
    yield wire
    wire.close()
