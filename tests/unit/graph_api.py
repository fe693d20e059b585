"""What tests of the Graph API share: an app, a client on a clock that only moves when somebody sleeps, answers.

Every request is looked at on its way: no token or secret in the address, and the proof that belongs to its token.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import responses

from stockroom.facebook.graph import Graph
from stockroom.facebook.oauth import Grant
from stockroom.facebook.pages import Page
from stockroom.patience import Patience
from stockroom.settings import FacebookApp
from tests.unit.admin_api import NOW, Clock

APP = FacebookApp(
    id="1234567890123456",
    secret="app-secret",
    redirect_uri="https://faas.example/api/v1/web/ns/facebook/callback",
    version="v26.0",
    scopes=("pages_show_list", "pages_manage_metadata", "pages_read_engagement"),
    config_id=None,
    dialog_url="https://www.facebook.com",
    graph_url="https://graph.facebook.com",
)
TOKEN = "EAAuser0123456789abcdef"
GRANT = Grant(TOKEN, "42", APP.scopes, None, 5_183_944, int(NOW) + 7_776_000)

Answer = tuple[int, dict[str, str], str] | Exception
Entry = dict[str, Any] | None


@dataclass(frozen=True)
class Asked:
    """One request as Facebook sees it; `fields` come from the query or the form."""

    method: str
    path: str
    fields: dict[str, str]
    token: str
    url: str

    @property
    def batch(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = json.loads(self.fields["batch"])
        return found


def page(number: int) -> Page:
    return Page(str(number), f"Page {number}", "Bakery", f"EAApage{number}")


def proof(token: str) -> str:
    return hmac.new(APP.secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def graph(clock: Clock | None = None, deadline: float = float("inf")) -> Graph:
    clock = clock or Clock()
    return Graph(APP, Patience(deadline, clock, clock.sleep))


def ok(content: Any = None, **headers: Any) -> Answer:
    """A good answer; headers' values as JSON, `x_app_usage={"call_count": 99}`."""
    told = {name.replace("_", "-"): json.dumps(value) for name, value in headers.items()}
    return 200, told, json.dumps({} if content is None else content)


def error(code: int, subcode: int = 0, message: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "error_subcode": subcode, "type": "OAuthException", **more}}


def failing(code: int, subcode: int = 0, message: str = "", **more: Any) -> Answer:
    return 400, {}, json.dumps(error(code, subcode, message, **more))


def entry(content: Any, code: int = 200, **headers: Any) -> dict[str, Any]:
    """A batch entry's answer; its body is JSON within JSON."""
    told = [{"name": name.replace("_", "-").title(), "value": json.dumps(value)} for name, value in headers.items()]
    return {"code": code, "headers": told, "body": json.dumps(content)}


def refused(code: int, subcode: int = 0, message: str = "") -> dict[str, Any]:
    return entry(error(code, subcode, message), 400)


def play(web: responses.RequestsMock, *answers: Answer) -> list[Asked]:
    """Give these answers one after the other, and list what was asked."""
    left = iter(answers)
    return serve(web, lambda _: next(left))


def serve(web: responses.RequestsMock, answer: Callable[[Asked], Answer]) -> list[Asked]:
    """Answer whatever is asked, and list it."""
    seen: list[Asked] = []

    def respond(request: Any) -> tuple[int, dict[str, str], str]:
        seen.append(_looked_at(request))
        given = answer(seen[-1])
        if isinstance(given, Exception):
            raise given
        return given

    web.assert_all_requests_are_fired = False
    for method in (responses.GET, responses.POST):
        web.add_callback(method, re.compile(r"https://graph\.facebook\.com/v26\.0/.*"), callback=respond)
    return seen


def answered(reply: Callable[[dict[str, str]], Entry]) -> Callable[[Asked], Answer]:
    """For `serve`: every batch, entry by entry."""
    return lambda asked: ok([reply(one) for one in asked.batch])


def path_of(entry: dict[str, str]) -> str:
    """What an entry of a batch asks for, without version and query."""
    return urlsplit(entry["relative_url"]).path.removeprefix("v26.0/")


def query_of(entry: dict[str, str]) -> dict[str, str]:
    """An entry's parameters, from its address or its body."""
    return dict(parse_qsl(entry.get("body") or urlsplit(entry["relative_url"]).query))


def _looked_at(request: Any) -> Asked:
    parts, form = urlsplit(request.url), request.body or ""
    text = form.decode() if isinstance(form, bytes) else form
    token = request.headers.get("authorization", "").removeprefix("Bearer ")
    fields = dict(parse_qsl(parts.query if request.method == "GET" else text))
    assert not re.search(r"EAA|app-secret|the-code", request.url), "a secret in an address"
    assert fields.get("appsecret_proof") == (proof(token) if token else None)
    for entry in json.loads(fields.get("batch", "[]")):
        assert query_of(entry)["appsecret_proof"] == proof(entry["access_token"])
        assert entry["access_token"] not in entry["relative_url"]
    return Asked(request.method, parts.path.removeprefix("/v26.0/"), fields, token, request.url)
