"""A person and an app in one, for tests that speak to a sandbox Facebook of their own; and an app's webhook address."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from local.facebook.app import create_app
from local.facebook.settings import Settings
from local.sandbox.clock import Clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from local.facebook.world import World

APP, SECRET = "1234567890", "app-secret"
APP_TOKEN = f"{APP}|{SECRET}"
REDIRECT = "http://localhost:7000/facebook/callback"
SCOPE = "pages_show_list,pages_manage_metadata,pages_read_engagement"
EVENT_FIELDS = "name,phone,description,hours,location,email"
HOUR, DAY = 3600, 86400

ASTRID, BENEDIKT, CARMEN, DMITRI, EMMA, FARID, GRETA = (f"12210000000000010{number}" for number in range(1, 8))
CAFE, CLEARED, WHOLE = "104810000000001", "104810000000002", "104810000000003"
"""Astrid's Pages: the first is a New Page, the last has every field filled in."""


def proof(token: str) -> str:
    """The documented rule, written once more."""
    return hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()


class Facebook:
    """One sandbox in this process; its time is `now`, which passes only when a test says so."""

    def __init__(self, state: Path | None = None, **settings: Any) -> None:
        self.now = 1_795_000_000.0  # in November 2026
        known = {"app_id": APP, "app_secret": SECRET, "redirect_uri": REDIRECT, "state": state}
        self.app = create_app(Settings(**(known | settings)), Clock(lambda: self.now))
        self.world: World = self.app.extensions["facebook"]
        self.web = self.app.test_client()

    def dialog(self, person: str | None = None, version: str = "v26.0", **changed: str) -> TestResponse:
        """The dialog as a page."""
        asked = {"sandbox_person": person} if person else {}
        return self.web.get(self._address(version, asked | changed))

    def decide(
        self,
        person: str = ASTRID,
        pages: list[str] | None = None,
        ticked: str = SCOPE,
        decision: str = "continue",
        choice: str = "some",
        **changed: str,
    ) -> dict[str, str]:
        """Press a button in the dialog; what the browser brings back to the app. All Pages are ticked unless named."""
        page = [one.id for one in self.world.pages_of(person)] if pages is None else pages
        sent = {"decision": decision, "person": person, "choice": choice, "page": page, "permission": ticked.split(",")}
        reply = self.web.post(self._address("v26.0", changed), data=sent)
        assert reply.status_code == 302, reply.text
        assert reply.headers["Location"].startswith(f"{REDIRECT}?")
        return query_of(reply.headers["Location"])

    def exchange(self, **sent: str) -> TestResponse:
        """oauth/access_token."""
        known = {"client_id": APP, "client_secret": SECRET}
        return self.web.post("/graph/v26.0/oauth/access_token", data=known | sent)

    def redeem(self, code: str, **changed: str) -> TestResponse:
        return self.exchange(**({"code": code, "redirect_uri": REDIRECT} | changed))

    def short_token(self, person: str = ASTRID, **choice: Any) -> str:
        token: str = self.redeem(self.decide(person, **choice)["code"]).json["access_token"]  # type: ignore[index]
        return token

    def long_token(self, person: str = ASTRID, **choice: Any) -> str:
        sent = {"grant_type": "fb_exchange_token", "fb_exchange_token": self.short_token(person, **choice)}
        token: str = self.exchange(**sent).json["access_token"]  # type: ignore[index]
        return token

    def page_token(self, page: str = CAFE, user_token: str | None = None) -> str:
        token = user_token or self.long_token()
        found: str = self.ok("GET", page, token, fields="access_token")["access_token"]
        return found

    def call(self, method: str, path: str, token: str, /, version: str = "v26.0", **params: str) -> TestResponse:
        """A call as the app should make it: the token in the header, its proof along with it."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        sent = {"appsecret_proof": proof(token), **params} if token else dict(params)
        where = "query_string" if method == "GET" else "data"
        return self.web.open(f"/graph/{version}/{path}", method=method, headers=headers, **{where: sent})  # type: ignore[arg-type]

    def ok(self, method: str, path: str, token: str, /, **params: str) -> Any:
        """The answer to a call that must go well."""
        reply = self.call(method, path, token, **params)
        assert reply.status_code == 200, reply.text
        return reply.json

    def error(self, method: str, path: str, token: str, /, **params: str) -> tuple[int, int | None, str]:
        """Code, subcode and message of a call that must not."""
        return error_of(self.call(method, path, token, **params))

    def debug(self, token: str) -> dict[str, Any]:
        data: dict[str, Any] = self.ok("GET", "debug_token", APP_TOKEN, input_token=token)["data"]
        return data

    def batch(self, token: str, entries: list[dict[str, Any]], **params: str) -> TestResponse:
        return self.call("POST", "", token, batch=json.dumps(entries), **params)

    def names(self, token: str, **params: str) -> list[str]:
        """Ids of all Pages in the list, walked by cursor."""
        found: list[str] = []
        after: dict[str, str] = {}
        while True:
            part = self.ok("GET", "me/accounts", token, fields="id", **params, **after)
            found += [page["id"] for page in part["data"]]
            if "next" not in part.get("paging", {}):
                return found
            after = {"after": part["paging"]["cursors"]["after"]}

    def fault(self, **rule: Any) -> None:
        added = self.web.post("/_sandbox/faults", json=rule)
        assert added.status_code == 200, added.text

    def control(self, path: str, **sent: Any) -> Any:
        return self.web.post(f"/_sandbox/{path}", json=sent).json

    def seen(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.web.get("/_sandbox/requests").json  # type: ignore[assignment]
        return requests

    def _address(self, version: str, changed: dict[str, str]) -> str:
        asked = {"client_id": APP, "redirect_uri": REDIRECT, "state": "nonce", "scope": SCOPE} | changed
        return f"/www/{version}/dialog/oauth?{urlencode({key: value for key, value in asked.items() if value})}"


class Receiver:
    """The app's own address, as the sandbox reaches it: answers what it is told to, and remembers what came."""

    def __init__(self) -> None:
        self.address = ""
        self.status = 200
        self.challenge = "{}"
        """What the handshake is answered with; {} stands for the challenge itself."""
        self.answer = ""
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.handshakes: list[dict[str, str]] = []
        self.came = threading.Event()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        return self._answered(Request(environ))(environ, start_response)

    def _answered(self, request: Request) -> Response:
        if request.method == "GET":
            self.handshakes.append(request.args.to_dict())
            return Response(self.challenge.format(request.args.get("hub.challenge", "")), self.status)
        self.bodies.append(request.get_data())
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        self.came.set()
        return Response(self.answer, self.status, content_type="application/json")

    @property
    def payloads(self) -> list[Any]:
        return [json.loads(body) for body in self.bodies]


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    server = make_server("127.0.0.1", 0, receiver, threaded=True, request_handler=_Quiet)
    receiver.address = f"http://localhost:{server.server_port}/facebook/webhook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def app_subscription(facebook: Facebook, receiver: Receiver, **changed: str) -> TestResponse:
    """Subscribe on the app's level; the answer."""
    sent = {"object": "page", "callback_url": receiver.address, "fields": EVENT_FIELDS, "verify_token": "let-me-in"}
    return facebook.call("POST", f"{APP}/subscriptions", APP_TOKEN, **(sent | changed))


def subscribe_app(facebook: Facebook, receiver: Receiver, **changed: str) -> None:
    assert app_subscription(facebook, receiver, **changed).json == {"success": True}


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))


def error_of(reply: TestResponse) -> tuple[int, int | None, str]:
    assert reply.status_code >= 400, reply.text
    error: dict[str, Any] = reply.json["error"]  # type: ignore[index]
    assert error["type"]
    assert error["fbtrace_id"]
    return error.get("code", 0), error.get("error_subcode"), error["message"]
