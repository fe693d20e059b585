"""What a bucket must never mistake for a bucket; the rest of `Space` is tried on real stores in tests/storage."""

import dataclasses
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectTimeoutError

from stockroom import settings
from stockroom.errors import SetupError, StorageError
from stockroom.space import Space

ENDPOINT = "https://not-spaces.example"
ENVIRONMENT = {
    "SPACES_ACCESS_KEY": "key",
    "SPACES_SECRET_KEY": "secret",
    "SPACES_BUCKET": "bucket",
    "SPACES_REGION": "nyc3",
    "SPACES_ENDPOINT": ENDPOINT,
}


@pytest.fixture
def nothing_there() -> Space:
    return Space(settings.spaces(ENVIRONMENT))


class _NoBody:
    def stream(self, **_: object) -> list[bytes]:
        return [b"<h1>Not found</h1>"]


@pytest.fixture
def everything_is_404(monkeypatch: pytest.MonkeyPatch) -> None:
    """A web server, such as our own gateway, that knows nothing of S3."""

    def answer(_: object, request: Any) -> AWSResponse:
        return AWSResponse(request.url, 404, HTTPHeaders(), _NoBody())

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", answer)


WRITES: dict[str, Callable[[Space], str]] = {
    "create": lambda space: space.create("key", b"1"),
    "swap": lambda space: space.swap("key", b"2", "etag"),
    "put": lambda space: space.put("key", b"3"),
}


@pytest.mark.usefixtures("everything_is_404")
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_is_no_object_store_never_passes_for_one(nothing_there: Space, write: Callable[[Space], str]) -> None:
    with pytest.raises(SetupError, match=re.escape(f"{ENDPOINT} does not answer as Spaces does")):
        write(nothing_there)


def test_address_that_botocore_dislikes_is_told_with_its_variable() -> None:
    odd = dataclasses.replace(settings.spaces(ENVIRONMENT), endpoint="https://a..b")
    with pytest.raises(SetupError, match="check SPACES_ENDPOINT"):
        Space(odd).head("key")


def test_outcome_is_not_asked_for_where_no_connection_was_made(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []

    def unreachable(_: object, request: Any) -> object:
        sent.append(request.method)
        raise ConnectTimeoutError(endpoint_url=ENDPOINT)

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", unreachable)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    with pytest.raises(StorageError, match="cannot be reached"):
        Space(settings.spaces(ENVIRONMENT)).create("key", b"1")
    assert set(sent) == {"PUT"}
