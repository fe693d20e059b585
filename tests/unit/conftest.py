"""What many unit tests stand on: a bucket in memory, and a log that one test cannot spoil for the next."""

import logging
from collections.abc import Iterator

import hypothesis
import pytest
import responses
from moto import mock_aws

from stockroom import settings
from stockroom.space import Space

# How long an example takes depends on what else the machine does; that is no failure.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")

SPACES = settings.Spaces(
    access_key="DO00TEST",
    secret_key="spaces-secret-of-the-tests",
    bucket="stockroom",
    private_bucket="stockroom",
    region="us-east-1",
    endpoint="https://s3.amazonaws.com",  # an address that moto answers
    path_style=True,
)


@pytest.fixture
def space() -> Iterator[Space]:
    """An empty bucket."""
    with mock_aws():
        space = Space(SPACES)
        space._client.create_bucket(Bucket=space.bucket)
        yield space


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """The web as the test describes it: any other request fails, and so does an answer that nobody fetched."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture(autouse=True)
def untouched_log() -> Iterator[None]:
    """Functions point the log at stderr when they start; here each test begins without that."""
    log = logging.getLogger("stockroom")
    before = log.handlers[:], log.level, log.propagate
    yield
    log.handlers[:], log.level, log.propagate = before
