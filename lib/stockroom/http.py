"""The platform's event becomes a request; an answer becomes the platform's result.

All web functions are `web: raw`: the body arrives as the sender wrote it, as text or as base64, and the query unparsed.
Source: DigitalOcean Functions, parameters and responses.
"""

import base64
import binascii
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl

from stockroom import page
from stockroom.errors import CallerError, OwnerError, ProviderBusy, StockroomError

log = logging.getLogger("stockroom")

RESULT_LIMIT = 1_000_000
"""Bytes that a result may have, safely below the platform's 1 MiB."""

_UNEXPECTED = "Something went wrong inside Stockroom; its log has the details."
_OWN_PARAMETER = "format"
_MOST_PARAMETERS = 100
_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_NO_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Context(Protocol):
    """What the platform tells a function about the call; `deadline` is in milliseconds since 1970."""

    function_name: str
    activation_id: str
    deadline: int
    api_host: str
    namespace: str


@dataclass(frozen=True, slots=True)
class Request:
    """One web call."""

    method: str = "GET"
    path: str = ""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    deadline: float = float("inf")
    """When the platform gives up, in seconds since 1970."""
    api_host: str = ""

    @classmethod
    def from_event(cls, event: Mapping[str, Any], context: Context) -> "Request":
        """Read the platform's event; raises CallerError where it cannot be read."""
        http = event.get("http")
        if http is None:
            raise CallerError("This function answers web calls only: call it by its web address.")
        return cls(
            method=http.get("method", "GET").upper(),
            path=http.get("path") or "",
            query=_query(http.get("queryString") or ""),
            headers={name.lower(): value for name, value in (http.get("headers") or {}).items()},
            body=_bytes(http),
            deadline=context.deadline / 1000,
            api_host=context.api_host,
        )

    def parameter(self, name: str) -> str:
        """A query parameter's value, or "" if it is not there."""
        return next((value for key, value in self.query if key == name), "")

    @property
    def signed_query(self) -> tuple[tuple[str, str], ...]:
        """The query as its sender signed it: all of it but `format`, which is ours and may be added by hand."""
        return tuple(pair for pair in self.query if pair[0] != _OWN_PARAMETER)

    def refuse_repeated(self, *names: str) -> None:
        """Raise CallerError if a parameter that must be unique is there twice: two readers could see two values."""
        counts = Counter(name.removesuffix("[]") for name, _ in self.query)
        for name in names:
            if counts[name] > 1:
                raise CallerError(f"The parameter {name} is there more than once; start again from the login address.")

    @property
    def cookies(self) -> dict[str, str]:
        """The browser's cookies; of two with one name the first, which has the longer path.

        Not by SimpleCookie, which drops all of them when it dislikes one, and strangers on the same host may set some.
        """
        pairs = (part.strip().partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name: value for name, _, value in reversed([*pairs]) if name}

    @property
    def page_asked(self) -> bool | None:
        """True for `?format=page`, False for `?format=json`, None if the address does not say."""
        return {"page": True, "json": False}.get(self.parameter(_OWN_PARAMETER))

    @property
    def wants_page(self) -> bool:
        """Whether a person is looking: a browser asks for text/html."""
        if self.page_asked is not None:
            return self.page_asked
        return "text/html" in self.headers.get("accept", "")


@dataclass(slots=True)
class Response:
    """One answer. A dict as body is sent as JSON, a string as what `content-type` says."""

    status: int = 200
    body: dict[str, Any] | str = ""
    headers: dict[str, str | list[str]] = field(default_factory=dict)

    @classmethod
    def html(cls, document: page.Document, status: int = 200) -> "Response":
        """A page, with a policy under which a browser loads nothing and runs nothing."""
        headers: dict[str, str | list[str]] = {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": document.policy,
        }
        return cls(status, document.html, headers)

    @classmethod
    def redirect(cls, address: str, cookies: list[str] | None = None) -> "Response":
        """Send the browser elsewhere. 303, so that no body or method travels along."""
        headers: dict[str, str | list[str]] = {"location": address}
        if cookies:
            headers["set-cookie"] = cookies
        return cls(303, "", headers)

    def result(self) -> dict[str, Any]:
        """What the platform takes."""
        headers = {"content-security-policy": _NO_PAGE_POLICY, **_HEADERS, **self.headers}
        if isinstance(self.body, dict):
            headers["content-type"] = "application/json; charset=utf-8"
        return {"statusCode": self.status, "headers": headers, "body": self.body}


Handler = Callable[[Request], Response]


def serve(event: Mapping[str, Any], context: Context, handler: Handler, *methods: str) -> dict[str, Any]:
    """Run a web function's handler: the outermost frame, where every failure becomes an answer and a log line."""
    log_to_stderr()
    request = Request()
    try:
        request = Request.from_event(event, context)
        if request.method not in methods:
            return _wrong_method(request, methods).result()
        return handler(request).result()
    except StockroomError as error:
        log.warning("%s: %s", type(error).__name__, error.message)
        return failure(request, error).result()
    except Exception:
        log.exception("Unexpected failure")
        return failure(request, StockroomError(_UNEXPECTED)).result()


Job = Callable[[Mapping[str, Any], float], dict[str, Any]]
"""Takes the payload and the moment, in seconds since 1970, at which the platform gives up."""


def work(event: Mapping[str, Any], context: Context, job: Job) -> dict[str, Any]:
    """Run a private function's job: the outermost frame for calls that come from ourselves."""
    log_to_stderr()
    try:
        return job(event, context.deadline / 1000)
    except StockroomError as error:
        log.warning("%s: %s", type(error).__name__, error.message)
        return {"status": "failed", "message": error.message}
    except Exception:
        log.exception("Unexpected failure")
        return {"status": "failed", "message": _UNEXPECTED}


def failure(request: Request, error: StockroomError) -> Response:
    """The answer about a failure, as a page or as JSON. The key is not `error`: the platform would take it for a
    crash.
    """
    again = error.again if isinstance(error, OwnerError) else None
    if request.wants_page:
        response = Response.html(page.failure(error.status, error.message, again), error.status)
    else:
        link = {"login": again} if again else {}
        response = Response(error.status, {"status": "failed", "message": error.message, **link})
    if isinstance(error, ProviderBusy):
        response.headers["retry-after"] = str(max(1, round(error.wait)))
    return response


def cookie(name: str, value: str, *, address: str, seconds: int) -> str:
    """A Set-Cookie value for the one function at `address`; `seconds` of 0 takes the cookie away.

    The platform's host name is shared with strangers, so the path is the function's own. `Secure` is left out only for
    plain http, which settings allow on this machine alone.
    """
    scheme, _, rest = address.partition("://")
    path = "/" + rest.partition("/")[2]
    secure = "; Secure" if scheme == "https" else ""
    return f"{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def wants_page(request: Request, login: bool | None) -> bool:
    """What a callback's own address asks for, else what the login's address asked for, else what the browser likes."""
    return request.wants_page if request.page_asked is not None or login is None else login


def fits(response: Response) -> bool:
    """Whether the platform will let this result through; it may escape it to ASCII on the way."""
    return len(json.dumps(response.result())) <= RESULT_LIMIT


def log_to_stderr() -> None:
    """Log lines leave the process at once; stdout is buffered by the platform and lost when it kills a function."""
    if not log.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
        log.addHandler(handler)
        log.setLevel(logging.INFO)
        log.propagate = False


def now() -> float:
    """Seconds since 1970; the one clock, so that tests can set it."""
    return time.time()


def _query(text: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS))
    except ValueError:
        raise CallerError(f"The address has more than {_MOST_PARAMETERS} parameters.") from None


def _bytes(http: Mapping[str, Any]) -> bytes:
    body = http.get("body") or ""
    if not http.get("isBase64Encoded"):
        return str(body).encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise CallerError("The request's body is marked as base64 but is not.") from None


def _wrong_method(request: Request, methods: tuple[str, ...]) -> Response:
    response = failure(request, CallerError(f"This address answers {' and '.join(methods)} only.", status=405))
    response.headers["allow"] = ", ".join(methods)
    return response
