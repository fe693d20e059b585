"""Which address means what, without I/O.

/                                                            the start page
/shopify/{shop}/login                                        a login with the shop in front, as the contract has it
/{package}/{function}[/rest]                                 the short form of
/api/v1/web/{namespace}/{package}/{function}[/rest]          a web call
/api/v1/namespaces/{namespace}/actions/{package}/{function}  an invocation by the API
/api/v1/namespaces/{namespace}/activations/{id}[/logs|/result]
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_WEB = "/api/v1/web/"
_LOGIN = re.compile(r"/(?P<package>[^/]+)(?P<subject>/[^/]+)/login/?")
_SHORT = re.compile(r"/(?P<package>[^/]+)/(?P<function>[^/]+)(?P<rest>/.*)?")
_LONG = re.compile(rf"{_WEB}[^/]+(?P<short>/.*)")
_ACTION = re.compile(r"/api/v1/namespaces/[^/]+/actions/(?P<package>[^/]+)/(?P<function>[^/]+)")
_ACTIVATION = re.compile(r"/api/v1/namespaces/[^/]+/activations/(?P<id>[0-9a-f]+)(?:/(?P<part>logs|result))?")


@dataclass(frozen=True, slots=True)
class StartPage:
    """The page for a person."""


@dataclass(frozen=True, slots=True)
class WebCall:
    """A function by its web address; `path` is what follows its name, percent-encoded as it came."""

    package: str
    function: str
    path: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function by the platform's API."""

    package: str
    function: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """The record of an activation, or a part of it."""

    activation: str
    part: str
    """`logs`, `result`, or "" for the whole."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No address of ours."""


Route = StartPage | WebCall | Invocation | Lookup | Nothing


def route(path: str) -> Route:
    """What the path, still percent-encoded, leads to."""
    if path == "/":
        return StartPage()
    if path.startswith("/api/"):
        return _platform(path)
    if match := _LOGIN.fullmatch(path):
        return WebCall(unquote(match["package"]), "login", match["subject"])
    return _call(_SHORT.fullmatch(path))


def short(path: str) -> str:
    """The path as it is shown: without the platform's prefix, which says nothing here."""
    match = _LONG.fullmatch(path)
    return match["short"] if match else path


def _platform(path: str) -> Route:
    """The platform's own addresses."""
    if match := _ACTION.fullmatch(path):
        return Invocation(unquote(match["package"]), unquote(match["function"]))
    if match := _ACTIVATION.fullmatch(path):
        return Lookup(match["id"], match["part"] or "")
    match = _LONG.fullmatch(path)
    return _call(_SHORT.fullmatch(match["short"])) if match else Nothing()


def _call(match: re.Match[str] | None) -> Route:
    """The web call that a short address means."""
    if not match:
        return Nothing()
    return WebCall(unquote(match["package"]), unquote(match["function"]), match["rest"] or "")
