"""The wire between a `Space` and its server, on which a test counts, loses, alters or delays requests."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from stockroom.space import Space

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

Fate = Literal["request lost", "answer lost", "answered 500", "altered"]


class Wire:
    """Attached to one Space's client. Every attempt passes here, also those that boto3 repeats by itself."""

    def __init__(self, space: Space) -> None:
        self._client: Any = space._client
        self._bucket = space.bucket
        self._fates: list[Fate] = []
        self._fated = ""
        self._before_write: list[Callable[[], object]] = []
        self._other_at_work = False
        self.page_length: int | None = None
        """Keys in a page of a listing, where a test does not want to make a thousand."""
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._hooks: dict[str, Any] = {
            "before-send.s3": self._pass,
            "before-parameter-build.s3.ListObjectsV2": self._shorten,
        }
        for event, hook in self._hooks.items():
            self._client.meta.events.register(event, hook)

    def close(self) -> None:
        """The client serves other Spaces as well: leave it as it was."""
        for event, hook in self._hooks.items():
            self._client.meta.events.unregister(event, hook)

    def next_writes(self, fate: Fate, times: int = 1, key: str = "") -> None:
        """What happens to the next PUTs, or to those of one key."""
        self._fates += [fate] * times
        self._fated = key

    def before_next_write(self, action: Callable[[], object]) -> None:
        """Something that another worker does after our look and before our PUT."""
        self._before_write.append(action)

    @property
    def methods(self) -> Counter[str]:
        """How many requests of each kind there were."""
        return Counter(request.partition(" ")[0] for request in self.requests)

    def _shorten(self, params: dict[str, Any], **_: object) -> None:
        if self.page_length:
            params["MaxKeys"] = self.page_length

    def _pass(self, request: "AWSPreparedRequest", **_: object) -> Any:
        """An answer in the request's place, of which boto3's stubs do not know, or None to let it through."""
        key = unquote(urlsplit(request.url).path).removeprefix(f"/{self._bucket}/")
        self.requests.append(f"{request.method} {key}")
        self.headers.append({name.lower(): _text(value) for name, value in request.headers.items()})
        if request.method != "PUT" or self._other_at_work:
            return None
        if self._before_write:
            self._other_at_work = True
            self._before_write.pop(0)()
            self._other_at_work = False
        fated = self._fates and self._fated in ("", key)
        return self._meet(self._fates.pop(0), request) if fated else None

    def _meet(self, fate: Fate, request: "AWSPreparedRequest") -> AWSResponse | None:
        if fate == "altered":
            request.body = b"?" * int(request.headers["Content-Length"])
            return None
        if fate != "request lost":
            self._client._endpoint.http_session.send(request)
        if fate == "answered 500":
            return AWSResponse(request.url, 500, HTTPHeaders(), _Empty())
        raise ConnectionClosedError(endpoint_url=request.url)


class _Empty:
    """The body of an answer that has none."""

    def stream(self, *_: object, **__: object) -> list[bytes]:
        return []


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
