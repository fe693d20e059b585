"""What a function returned → the HTTP response that the platform makes of it, without I/O."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from local.gateway import media

Headers = tuple[tuple[str, str], ...]

_NOT_HTTP = "Response is not valid 'message/http'."
_WRONG_TYPE = "Response type in header did not match generated content type."

CORS_METHODS = "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH"
CORS_HEADERS = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"


class NoAnswerError(Exception):
    """The platform cannot make a response of this result; it says why, and `hint` what to return in its place."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Answer:
    """A response, ready to be sent."""

    status: int
    headers: Headers = ()
    body: bytes = b""


def answer(result: Mapping[str, Any]) -> Answer:
    """The response; raises NoAnswerError where the platform answers 400."""
    if "error" in result:
        result = _error(result["error"])
    headers = tuple(_headers(result.get("headers")))
    body = result.get("body")
    status = _status(result.get("statusCode"), default=204 if body is None else 200)
    if body is None or body == "":
        return Answer(status, _without_type(headers))
    given = next((value for name, value in headers if name.lower() == "content-type"), None)
    content_type, data = _text(body, given) if isinstance(body, str) else _document(body, given)
    return Answer(status, (*_without_type(headers), ("content-type", content_type)), data)


def cors(requested_headers: str = "") -> Headers:
    """What the platform adds to every answer, unless the function's annotation says that it sees to it itself."""
    return (
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", CORS_METHODS),
        ("access-control-allow-headers", requested_headers or CORS_HEADERS),
    )


def _error(value: object) -> Mapping[str, Any]:
    """A result's `error` is taken in place of the whole result."""
    if isinstance(value, dict) and ("statusCode" in value or "body" in value):
        return value
    raise NoAnswerError(
        _NOT_HTTP,
        "A result with the key `error` counts as a failure, as an exception does. Return statusCode and body, and say "
        "what went wrong under another key.",
    )


def _status(value: object, *, default: int) -> int:
    try:
        status = default if value is None else int(value)  # type: ignore[call-overload]
    except (TypeError, ValueError):
        status = 0
    if isinstance(value, bool) or not 200 <= status <= 599:
        raise NoAnswerError(_NOT_HTTP, f"statusCode must be a number such as 200, not {value!r}.")
    return int(status)


def _headers(value: object) -> Iterator[tuple[str, str]]:
    """Each header; a list of values is a header that is sent several times."""
    if value is not None and not isinstance(value, dict):
        raise NoAnswerError(_NOT_HTTP, "headers must be a dictionary.")
    for name, item in (value or {}).items():
        for single in item if isinstance(item, list) else [item]:
            yield name, _header(name, single)


def _header(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float) or "\n" in str(value) or "\r" in str(value):
        raise NoAnswerError(_NOT_HTTP, f"The header {name} must be a string in one line, or a list of such.")
    return str(value)


def _text(body: str, given: str | None) -> tuple[str, bytes]:
    content_type = given or "text/html"
    if media.is_json(media.kind(content_type)):
        return content_type, _decoded(
            body
        ) or body.encode()  # base64 is taken for the JSON's encoding, even by accident
    if not media.is_binary(content_type):
        named = content_type if media.charset(content_type) else f"{content_type}; charset=UTF-8"
        return named, body.encode(errors="replace")
    data = _decoded(body)
    if data is None:
        raise NoAnswerError(_WRONG_TYPE, f"A body of type {content_type} must be a base64 string.")
    return content_type, data


def _document(body: object, given: str | None) -> tuple[str, bytes]:
    content_type = given or "application/json"
    if not media.is_json(media.kind(content_type)):
        raise NoAnswerError(
            _WRONG_TYPE, f"A body that is no string is sent as JSON, but the content type is {content_type}."
        )
    return content_type, json.dumps(body, ensure_ascii=False).encode(errors="replace")


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _without_type(headers: Headers) -> Headers:
    return tuple((name, value) for name, value in headers if name.lower() != "content-type")
