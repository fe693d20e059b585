"""An HTTP request → the event that the platform hands to a web function, without I/O."""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from local.gateway import media
from local.gateway.project import Web

_INTERNAL_HOST = "ccontroller"
"""What a function sees as `host`: never the public name."""

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class WebRequest:
    """A request as it came: path and query still encoded, the body as bytes."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    client: str

    def header(self, name: str) -> str:
        """A header's value by its lower-case name, or ""."""
        return folded(self.headers).get(name, "")


def event(request: WebRequest, web: Web) -> dict[str, Any]:
    """The event for a function that is `web: true` or `web: raw`."""
    http: dict[str, Any] = {"headers": _headers(request), "method": request.method, "path": request.path}
    if web != "raw":
        return {**_query(request.query), **_fields(request), "http": http}
    text = not request.body or not media.is_binary(request.header("content-type"))
    # What a text type's bytes become if they are no UTF-8 is not documented; they cannot survive as a string.
    body = request.body.decode(errors="replace") if text else base64.b64encode(request.body).decode()
    return {"http": {**http, "queryString": request.query, "body": body, "isBase64Encoded": not text}}


def folded(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Lower-case names; a header that came several times has its values joined by a comma."""
    result: dict[str, str] = {}
    for name, value in headers:
        name = name.lower()  # noqa: PLW2901
        result[name] = f"{result[name]}, {value}" if name in result else value
    return result


def _headers(request: WebRequest) -> Mapping[str, str]:
    headers = folded(request.headers)
    forwarded = ", ".join(filter(None, (headers.get("x-forwarded-for"), request.client)))
    return {**headers, "host": _INTERNAL_HOST, "x-forwarded-for": forwarded}


def _query(query: str) -> dict[str, Any]:
    return dict(parse_qsl(query, keep_blank_values=True))


def _fields(request: WebRequest) -> dict[str, Any]:
    """The fields of a JSON object or of a form; any other body cannot be merged into an event."""
    kind = media.kind(request.header("content-type"))
    text = request.body.decode(errors="replace")
    if kind == _FORM:
        return _query(text)
    if not media.is_json(kind):
        return {}
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
