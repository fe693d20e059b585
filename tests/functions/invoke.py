"""Calls a function as the platform does: its file as a module, only its own environment, a JSON-safe result.

Source: DigitalOcean Functions, Python runtime, parameters and responses.
"""

import base64
import importlib.util
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import yaml

Main = Callable[[dict[str, Any], object], dict[str, Any]]

API_HOST = "https://faas-nyc1-0123.doserverless.co"
HTML = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}

_PROJECT = Path(__file__).parents[2]
_RESULT_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """A web function's result, as it leaves the platform."""

    status: int
    headers: Mapping[str, Any]
    body: Any
    text: str
    """All of the result, as JSON, for whoever looks for something that must not be in it."""

    @property
    def is_page(self) -> bool:
        return str(self.headers.get("content-type", "")).startswith("text/html")

    @property
    def message(self) -> str:
        """The sentence of a refusal, in whichever form it was sent; checks that the form is right."""
        if not self.is_page:
            assert self.body.keys() - {"login"} == {"status", "message"}
            assert self.body["status"] == "failed"
            message: str = self.body["message"]
        else:
            assert f"<span class='badge failed'>{self.status}</span>" in self.body
            message = unescape(self.body.partition("</span><p>")[2].partition("</p>")[0])
        assert message.endswith((".", ")"))
        assert len(message.splitlines()) == 1
        return message


@cache
def main(function: str) -> Main:
    """The platform calls the file's module `main__` and counts the arguments of its `main`."""
    spec = importlib.util.spec_from_file_location("main__", _PROJECT / "packages" / function / "__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Main = module.main
    assert found.__code__.co_argcount == 2
    return found


def context(function: str, deadline: float) -> SimpleNamespace:
    """`deadline` in seconds since 1970."""
    return SimpleNamespace(
        function_name=f"/fn-01234567/{function}",
        function_version="0.0.1",
        activation_id="0123456789abcdef0123456789abcdef",
        request_id="0123456789abcdef",
        deadline=int(deadline * 1000),
        api_host=API_HOST,
        api_key="",
        namespace="fn-01234567",
    )


def web_event(
    method: str = "GET",
    path: str = "",
    query: str | Iterable[tuple[str, str]] = "",
    headers: Mapping[str, str] | None = None,
    body: str | bytes = "",
) -> dict[str, Any]:
    """What `web: raw` hands over. A body given as bytes is of a type that the platform sends as base64."""
    binary = isinstance(body, bytes)
    return {
        "http": {
            "method": method,
            "path": path,
            "queryString": query if isinstance(query, str) else urlencode(list(query)),
            "headers": {"accept": "*/*", "host": "ccontroller", **(headers or {})},
            "body": base64.b64encode(body).decode() if isinstance(body, bytes) else body,
            "isBase64Encoded": binary,
        }
    }


@cache
def variables(function: str) -> frozenset[str]:
    """The names of what project.yml gives a function."""
    package, _, name = function.partition("/")
    project = yaml.safe_load((_PROJECT / "project.yml").read_text("utf-8"))
    (functions,) = (found["functions"] for found in project["packages"] if found["name"] == package)
    (found,) = (found for found in functions if found["name"] == name)
    return frozenset(found["environment"])


def run(
    function: str, event: dict[str, Any], deadline: float, environment: Mapping[str, str]
) -> tuple[dict[str, Any], str]:
    """The result, if the platform would take it, and its text. `environment` is what .env holds, for all functions."""
    others = {name: value for name, value in os.environ.items() if name not in environment}
    own = {name: value for name, value in environment.items() if name in variables(function)}
    with mock.patch.dict(os.environ, {**others, **own}, clear=True):
        result = main(function)(event, context(function, deadline))
    assert isinstance(result, dict)
    assert "error" not in result  # the platform would take it for a crash
    text = json.dumps(result, ensure_ascii=False, allow_nan=False)
    assert len(text.encode()) <= _RESULT_LIMIT
    return result, text


def answer(function: str, event: dict[str, Any], deadline: float, environment: Mapping[str, str]) -> Answer:
    """The result of a web function, with what must be true of every one of them."""
    result, text = run(function, event, deadline, environment)
    headers = result["headers"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    return Answer(result["statusCode"], headers, result["body"], text)
